package view_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/yuanlu/yuanlu/libs/view"
)

// query runs a query of one number and calls each for every row.
func query(t *testing.T, on *sql.Conn, text string, arg any, each func(n int)) error {
	t.Helper()
	found, err := on.QueryContext(t.Context(), text, arg)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }() // its error shows in Err
	for found.Next() {
		var n int
		if err := found.Scan(&n); err != nil {
			return err
		}
		each(n)
	}
	return found.Err()
}

func connection(t *testing.T) *sql.Conn {
	t.Helper()
	v := open(t, openLog(t), counting(filepath.Join(t.TempDir(), "view.db")))
	on, err := v.DB().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = on.Close() }) // the test is over
	return on
}

func kept(t *testing.T, on *sql.Conn) (n int) {
	t.Helper()
	if err := on.Raw(func(driverConn any) error { n = view.Kept(driverConn); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

const countUpTo = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i FROM n"

func TestAStatementIsPreparedOnceAndRunsInsideItself(t *testing.T) {
	on := connection(t)
	for range 3 {
		sum := 0
		err := query(t, on, countUpTo, 4, func(i int) {
			if err := query(t, on, countUpTo, i, func(j int) { sum += j }); err != nil { // its own rows are open
				t.Error(err)
			}
		})
		if err != nil || sum != 1+3+6+10 {
			t.Errorf("sum %d, %v", sum, err)
		}
	}
	if n := kept(t, on); n != 1 {
		t.Errorf("%d statements are kept", n)
	}
}

func TestAConnectionKeepsSoManyStatements(t *testing.T) {
	on := connection(t)
	for range 2 {
		for n := range 2 * view.Statements {
			if err := query(t, on, fmt.Sprintf("SELECT ? + %d", n), 1, func(got int) {
				if got != n+1 {
					t.Errorf("%d + 1 is %d", n, got)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := kept(t, on); n != view.Statements {
		t.Errorf("%d statements are kept", n)
	}
}

func TestAStatementThatHasFailedOrWasLeftHalfReadRunsAgain(t *testing.T) {
	on := connection(t)
	const member = "SELECT json_extract(?, '$.n')"
	if err := query(t, on, member, "not JSON", func(int) {}); err == nil {
		t.Error("no error")
	}
	half, err := on.QueryContext(t.Context(), countUpTo, 9)
	if err != nil || !half.Next() {
		t.Fatalf("no rows: %v", err)
	}
	if err := half.Close(); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := on.QueryContext(gone, countUpTo, 9); err == nil {
		t.Error("a query without a caller is answered")
	}
	got := []int{}
	for text, arg := range map[string]any{member: `{"n":7}`, countUpTo: 1} {
		if err := query(t, on, text, arg, func(n int) { got = append(got, n) }); err != nil {
			t.Error(err)
		}
	}
	if len(got) != 2 || got[0]+got[1] != 8 {
		t.Errorf("got %v", got)
	}
}
