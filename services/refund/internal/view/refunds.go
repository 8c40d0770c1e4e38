// Package view folds events into the lists that refund shows.
package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/view"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
)

const tables = `CREATE TABLE procedures (id TEXT PRIMARY KEY, position INTEGER NOT NULL, "case" TEXT NOT NULL, state TEXT NOT NULL);
	CREATE INDEX procedures_by_case ON procedures ("case", position);
	CREATE TABLE notices (payment TEXT PRIMARY KEY, procedure TEXT NOT NULL, position INTEGER NOT NULL, n INTEGER NOT NULL,
		bank TEXT NOT NULL, open INTEGER NOT NULL, notice TEXT NOT NULL);
	CREATE INDEX open_notices ON notices (bank, position, n) WHERE open = 1`

// schema carries the shape of the rules' state, which the rows hold as JSON, so
// that a view of another shape is dropped and grows back.
func schema() (string, error) {
	shape, err := json.Marshal(domain.Procedure{Claims: []domain.Claim{{}}, Objections: []domain.Objection{{}}, Payments: []domain.Payment{{}}})
	if err != nil {
		return "", fmt.Errorf("shape of a view: %w", err)
	}
	return "-- " + string(shape) + "\n" + tables, nil
}

// Refunds (返还列表) is the list of procedures and of notices open at banks.
type Refunds struct{ *view.View }

// Open opens the lists.
func Open(ctx context.Context, city service.City) (Refunds, error) {
	schema, err := schema()
	if err != nil {
		return Refunds{}, err
	}
	v, err := view.Open(ctx, city.Log, view.Config{
		Path: city.ViewPath("refund"), Schema: schema, Prefixes: []string{"refund-"}, Logger: city.Logger,
		Apply: view.Folding("refund", event.RefundCodec(), event.ErrUnknown, apply),
	})
	return Refunds{v}, err
}

// apply folds the event into the procedure's state by the rules' own fold, so
// that the list never tells another story than the stream.
func apply(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.RefundEvent) error {
	id := r.Stream[len("refund-"):]
	var p domain.Procedure
	var stored string
	switch err := tx.QueryRowContext(ctx, "SELECT state FROM procedures WHERE id = ?", id).Scan(&stored); {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal([]byte(stored), &p); err != nil {
			return err
		}
	}
	p = domain.Evolve(p, e)
	now, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO procedures (id, position, "case", state) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state`, id, r.Position, p.Case, string(now))
	if err != nil {
		return err
	}
	return applyNotice(ctx, tx, r, e, p)
}

func applyNotice(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.RefundEvent, p domain.Procedure) error {
	switch e := e.(type) {
	case event.AssistNoticeServed:
		for n, pay := range e.Payments {
			notice, err := json.Marshal(Notice{Payment: pay, CaseNo: e.CaseNo, Account: e.Account, Officers: e.Officers, ServedAt: e.At})
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO notices (payment, procedure, position, n, bank, open, notice) VALUES (?, ?, ?, ?, ?, 1, ?)",
				pay.ID, p.ID, r.Position, n, e.Account.Bank, string(notice))
			if err != nil {
				return err
			}
		}
	case event.RefundExecuted:
		_, err := tx.ExecContext(ctx, "UPDATE notices SET open = 0 WHERE payment = ?", e.Payment)
		return err
	case event.RefundOpened, event.VictimInformedOfFreeze, event.RefundApplied, event.FlowTableCompiled, event.RefundPlanProposed,
		event.PublicNoticePosted, event.PublicNoticeEnded, event.RefundObjectionFiled, event.RefundObjectionDecided,
		event.RefundReportSubmitted, event.RefundApproved, event.RefundRejected, event.RefundFailed, event.RemainderKeptFrozen,
		event.RefundClosed: // no notice begins or ends by them
	}
	return nil
}

// Notice is one payment that a bank has been asked to make, still sealed.
type Notice struct {
	event.Payment
	CaseNo   identity.CaseNo `json:"caseNo"`
	Account  event.Account   `json:"account"`
	Officers []event.Officer `json:"officers"`
	ServedAt time.Time       `json:"servedAt"`
}

// Notices lists up to limit notices that are open at a bank, oldest first.
func (r Refunds) Notices(ctx context.Context, bank identity.BankCode, limit int) ([]Notice, error) {
	return view.List(ctx, r.DB(), func(scan view.Scan) (n Notice, err error) {
		var stored string
		if err = scan(&stored); err != nil {
			return n, err
		}
		err = json.Unmarshal([]byte(stored), &n)
		return n, err
	}, "SELECT notice FROM notices WHERE bank = ? AND open = 1 ORDER BY position, n LIMIT ?", bank, limit)
}

// Of finds the procedure that a notice belongs to; "" if there is no such
// notice.
func (r Refunds) Of(ctx context.Context, payment string) (identity.ProcedureID, error) {
	var id identity.ProcedureID
	err := r.DB().QueryRowContext(ctx, "SELECT procedure FROM notices WHERE payment = ?", payment).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("find a refund notice: %w", err)
	}
	return id, nil
}

// Row is one procedure in the list.
type Row struct {
	Procedure      identity.ProcedureID `json:"procedure"`
	Case           identity.CaseID      `json:"case"`
	CaseNo         identity.CaseNo      `json:"caseNo"`
	Account        identity.AccountID   `json:"account"`
	Bank           identity.BankCode    `json:"bank"`
	State          string               `json:"state" doc:"opened, informed, applied, flow-table, planned, notice-running, notice-ended, reported, approved, served, closed"`
	Frozen         money.Fen            `json:"frozenFen"`
	FreezeExpires  time.Time            `json:"freezeExpires"`
	Held           money.Fen            `json:"heldFen" doc:"of it, what is attributed to the victims"`
	Mode           event.RefundMode     `json:"mode,omitempty" doc:"DIRECT1, DIRECT2 or PRORATA, once there is a plan"`
	NoticeRequired bool                 `json:"noticeRequired"`
	NoticeEndsAt   time.Time            `json:"noticeEndsAt,omitzero"`
	Returned       money.Fen            `json:"returnedFen"`
	Remainder      money.Fen            `json:"remainderFen" doc:"frozen and not returned"`
	Claims         []Claim              `json:"claims"`
}

// Claim is one claim in the list.
type Claim struct {
	Victim   identity.PartyID    `json:"victim"`
	Transfer identity.TransferID `json:"transfer"`
	Declared money.Fen           `json:"declaredFen"`
	Reached  money.Fen           `json:"reachedFen"`
	Held     money.Fen           `json:"heldFen"`
	Applied  bool                `json:"applied"`
	Returned money.Fen           `json:"returnedFen"`
}

// RowOf shows a procedure as the list does.
func RowOf(p domain.Procedure) Row {
	row := Row{
		Procedure: p.ID, Case: p.Case, CaseNo: p.CaseNo, Account: p.Account.ID, Bank: p.Account.Bank, State: p.Stage(),
		Frozen: p.Frozen, FreezeExpires: p.FreezeExpires, Held: p.Held(), Mode: p.Plan.Mode, NoticeRequired: p.Plan.NoticeRequired,
		NoticeEndsAt: p.Notice.EndsAt, Returned: p.Returned, Remainder: p.Remainder(), Claims: []Claim{},
	}
	for _, c := range p.Claims {
		row.Claims = append(row.Claims, Claim{
			Victim: c.Victim, Transfer: c.Transfer, Declared: c.Declared, Reached: c.Reached, Held: c.Held, Applied: c.Applied, Returned: c.Returned,
		})
	}
	return row
}

// Page lists up to limit procedures of a case, or of all cases if it is "",
// opened after a position (0: from the first). The position of the last is the
// one to go on from.
func (r Refunds) Page(ctx context.Context, of identity.CaseID, after eventlog.Position, limit int) ([]Row, eventlog.Position, error) {
	list, err := view.List(ctx, r.DB(), func(scan view.Scan) (Row, error) {
		var stored string
		var p domain.Procedure
		if err := scan(&after, &stored); err != nil {
			return Row{}, err
		}
		err := json.Unmarshal([]byte(stored), &p)
		return RowOf(p), err
	}, `SELECT position, state FROM procedures WHERE (? = '' OR "case" = ?) AND position > ?
		ORDER BY position LIMIT ?`, of, of, after, limit)
	return list, after, err
}
