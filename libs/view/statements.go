package view

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// statements is how many prepared statements a connection keeps. A view has a few
// dozen; those whose text is put together anew each time drive each other out.
const statements = 64

// connect opens a database whose connections keep what SQLite has made of the
// texts given to them: to read one anew costs more than most of them take to run.
func connect(dsn string) (*sql.DB, error) {
	base, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open view: %w", err)
	}
	return sql.OpenDB(keeping{base}), nil
}

// keeping makes connections that keep their statements.
type keeping struct{ driver.Connector }

// Connect implements [driver.Connector].
func (k keeping) Connect(ctx context.Context) (driver.Conn, error) {
	base, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c, ok := base.(full)
	if !ok {
		return base, nil // it could do less than is kept for it
	}
	return &conn{full: c, kept: make(map[string]*statement, statements)}, nil
}

// full is what SQLite's connection can do.
type full interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a connection that keeps its statements. database/sql lets one goroutine
// at a time use it.
type conn struct {
	full

	kept  map[string]*statement
	order []*statement // as they came
}

// statement is one that was prepared. SQLite makes it anew by itself when the
// schema has changed.
type statement struct {
	prepared

	text string
	busy bool // its rows are being read
}

// prepared is what SQLite's statement can do.
type prepared interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// ExecContext implements [driver.ExecerContext].
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, text, args)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.full.ExecContext(ctx, text, args)
	}
	return s.ExecContext(ctx, args)
}

// QueryContext implements [driver.QueryerContext].
func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, text, args)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.full.QueryContext(ctx, text, args)
	}
	found, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return rows{found, s}, nil
}

// rows are what a statement finds. Until they are closed it cannot be run again.
type rows struct {
	driver.Rows

	of *statement
}

// Close implements [driver.Rows].
func (r rows) Close() error {
	r.of.busy = false
	return r.Rows.Close()
}

// statement finds or prepares one; nil if its text is to be run as it comes: one
// without parameters can be a script, and rows of the same statement can be open.
func (c *conn) statement(ctx context.Context, text string, args []driver.NamedValue) (*statement, error) {
	if s, ok := c.kept[text]; ok {
		if s.busy {
			return nil, nil
		}
		return s, nil
	}
	if len(args) == 0 {
		return nil, nil
	}
	if err := c.room(); err != nil {
		return nil, err
	}
	made, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	p, ok := made.(prepared)
	if !ok {
		return nil, made.Close()
	}
	s := &statement{prepared: p, text: text}
	c.kept[text], c.order = s, append(c.order, s)
	return s, nil
}

// room drops the statement that was kept first, of those whose rows nobody reads.
func (c *conn) room() error {
	if len(c.order) < statements {
		return nil
	}
	for n, s := range c.order {
		if s.busy {
			continue
		}
		c.order = append(c.order[:n], c.order[n+1:]...)
		delete(c.kept, s.text)
		return s.Close()
	}
	return nil
}

// Close implements [driver.Conn].
func (c *conn) Close() error {
	var errs []error
	for _, s := range c.order {
		errs = append(errs, s.Close())
	}
	c.order, c.kept = nil, nil
	return errors.Join(append(errs, c.full.Close())...)
}
