package view_test

import (
	"strings"
	"testing"

	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

func TestWhatIsOpenIsFoundWithoutLookingAtWhatIsDone(t *testing.T) {
	orders, err := view.Open(t.Context(), citytest.Open(t).City)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = orders.Close() })
	for query, arguments := range view.OpenQueries() {
		rows, err := orders.DB().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, []any{"102100099996", 10}[:arguments]...)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, step)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		all := strings.Join(plan, "; ")
		if !strings.Contains(all, "USING INDEX orders_open") && !strings.Contains(all, "INDEX orders_to_send") || strings.Contains(all, "TEMP B-TREE") {
			t.Errorf("%s\nis answered by %s", query, all)
		}
	}
}
