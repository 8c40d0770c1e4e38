package view

import (
	"context"
	"database/sql"
	"fmt"
)

// Scan reads the columns of one row, as [sql.Rows.Scan] does.
type Scan func(columns ...any) error

// querier is a view's database, or a transaction that is folding events into it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Each gives the rows that a query finds to a reader, one after the other, until
// it fails.
func Each(ctx context.Context, db querier, row func(Scan) error, query string, args ...any) error {
	found, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }() // its error shows in Err
	for found.Next() {
		if err := row(found.Scan); err != nil {
			return err
		}
	}
	return found.Err()
}

// List lists the rows that a query finds, as a reader makes them out; it is empty,
// and not nil, if there are none.
func List[T any](ctx context.Context, db querier, row func(Scan) (T, error), query string, args ...any) ([]T, error) {
	list := []T{}
	err := Each(ctx, db, func(scan Scan) error {
		one, err := row(scan)
		list = append(list, one)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list %T: %w", *new(T), err)
	}
	return list, nil
}
