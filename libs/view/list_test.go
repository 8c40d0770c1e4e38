package view_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/view"
)

// amount is what the rows of these tests are made out to be.
type amount int

func TestAListHasItsRowsInOrderOrTellsWhatWentWrong(t *testing.T) {
	errBad := errors.New("bad")
	v := open(t, openLog(t), counting(filepath.Join(t.TempDir(), "list.sqlite")))
	for _, c := range []struct {
		rule, query string
		above       int
		row         error
		want        []amount
		told        string // of the error
	}{
		{"the rows stand as the query orders them", "SELECT column1 FROM (VALUES (3), (1), (2)) WHERE column1 > ? ORDER BY 1", 0, nil, []amount{1, 2, 3}, ""},
		{"no rows are an empty list", "SELECT column1 FROM (VALUES (3), (1), (2)) WHERE column1 > ?", 3, nil, []amount{}, ""},
		{"a row that cannot be made out ends it", "SELECT column1 FROM (VALUES (3), (1), (2)) WHERE column1 > ?", 0, errBad, nil, "list view_test.amount: bad"},
		{"a row of another shape too", "SELECT 1, 2 WHERE 1 > ?", 0, nil, nil, "list view_test.amount: "},
		{"and a query that is none", "SELECT nothing WHERE 1 > ?", 0, nil, nil, "list view_test.amount: "},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, err := view.List(t.Context(), v.DB(), func(scan view.Scan) (a amount, err error) {
				err = scan(&a)
				return a, errors.Join(err, c.row)
			}, c.query, c.above)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if (err == nil) != (c.told == "") || err != nil && !strings.HasPrefix(err.Error(), c.told) || c.row != nil && !errors.Is(err, c.row) {
				t.Errorf("error %v", err)
			}
		})
	}
}
