package rest

import (
	"context"
	"fmt"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

func ordered(r view.Row) app.Ordered {
	return app.Ordered{Order: r.Order, Account: r.Account, Protective: r.Protective}
}

// headOf is an answer without its statement: whose money is on a victim's own
// account is nobody's business here.
func headOf(in bank.Answer) bank.Answer {
	in.OpeningBalance, in.Transactions = "", nil
	return in
}

// fillProtective writes an order of a protective stop as banks know orders: a
// stop, its prolongation, its reduction to an amount, its end.
func (a API) fillProtective(ctx context.Context, order *bank.Order, r view.Row) (event.Account, error) {
	past, err := a.App.Protectives.Load(ctx, string(r.Protective))
	if err != nil {
		return event.Account{}, err
	}
	p := past.State
	asked, ok := p.Find(r.Order)
	held, known := p.Account(r.Account)
	if !ok || !known {
		return event.Account{}, fmt.Errorf("order %s: %w", r.Order, domain.ErrNoOrder)
	}
	order.Reason, order.ApplicationType = "保护性止付", bank.ApplicationRMB
	sign(order, asked.At, p.Responsible, p.Officers[0], p.Officers[1])
	if asked.Kind != domain.ProtectStop {
		order.OriginalApplicationID = string(held.Stop)
	}
	switch asked.Kind {
	case domain.ProtectLift:
		if order.ReleaseRemark = p.Released; order.ReleaseRemark == "" {
			order.ReleaseRemark = "lapsed"
		}
	case domain.ProtectExempt:
		order.Scope, order.StopAmount = bank.ScopeAmount, (held.Balance - upTo(p, r.Account, r.Order)).Decimal()
		order.ExpireTime = identity.FormatPlatformTime(held.ExpiresAt) // less is held, and no longer
	default:
		order.ExpireTime = identity.FormatPlatformTime(p.EndOf(asked))
		if asked.Kind == domain.ProtectRenew && asked.From.After(a.App.City.Clock.Now()) {
			order.StartTime = identity.FormatPlatformTime(asked.From) // PostponeStartTime
		}
		if spare := p.Exempted(r.Account); spare > 0 {
			order.Scope, order.StopAmount = bank.ScopeAmount, (held.Balance - spare).Decimal()
		}
	}
	return held.Account, nil
}

// upTo adds the exemptions of an account up to and with one order.
func upTo(p domain.Protective, account identity.AccountID, order identity.OrderID) (sum money.Fen) {
	for _, e := range p.Exemptions {
		if o, _ := p.Find(e.Order); e.Account == account && o.State != domain.Failed {
			sum += e.Amount
		}
		if e.Order == order {
			break
		}
	}
	return sum
}
