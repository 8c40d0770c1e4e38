package app

import (
	"context"

	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// maxAsked bounds in how many accounts of a chase it is looked for where a debit
// went whose own bank does not say it.
const maxAsked = 200

// payees tells the accounts of a chase where their debits went, as far as the rows of
// others show it, once the money of one of them has been followed: what its rows
// tell of the others, and theirs of it, for the bank of either may have answered
// first.
func (a App) payees(ctx context.Context, cause es.Cause, p domain.Pursuit, chase domain.PursuitCommand) error {
	trace, followed := chase.(domain.Trace)
	if !followed || trace.From == "" || trace.Part > 1 || p.Size() < 2 {
		return nil
	}
	past, err := a.Accounts.Load(ctx, string(trace.From))
	if err != nil {
		return err
	}
	cause.Correlation = string(p.Case)
	debits := past.State.PaidBy(p.Case, func(id identity.AccountID) bool {
		_, met := p.Node(id)
		return met
	})
	for len(debits) > 0 {
		payer, n := debits[0].Transfer.From.ID, 1
		for n < len(debits) && debits[n].Transfer.From.ID == payer {
			n++
		}
		if err := a.named(ctx, after(cause, payer), payer, domain.NameDebits{Debits: debits[:n]}); err != nil {
			return err
		}
		debits = debits[n:]
	}
	if !past.State.Nameless(p.Case) {
		return nil
	}
	return a.asked(ctx, cause, p, trace.From)
}

// asked looks in the other accounts of a chase for what one has paid them.
func (a App) asked(ctx context.Context, cause es.Cause, p domain.Pursuit, payer identity.AccountID) error {
	var found domain.NameDebits
	others := 0
	for node := range p.Nodes() {
		if node.Account == payer || node.Order == "" {
			continue
		}
		if others++; others > maxAsked {
			break
		}
		past, err := a.Accounts.Load(ctx, string(node.Account))
		if err != nil {
			return err
		}
		found.Debits = append(found.Debits, past.State.PaidBy(p.Case, func(id identity.AccountID) bool { return id == payer })...)
	}
	if len(found.Debits) == 0 {
		return nil
	}
	return a.named(ctx, after(cause, "others"), payer, found)
}

// named tells an account where its debits went.
func (a App) named(ctx context.Context, cause es.Cause, payer identity.AccountID, cmd domain.NameDebits) error {
	cmd.At, cmd.Method = cause.At, a.Method()
	_, err := a.Account(ctx, payer, cause, es.AnyRevision, cmd)
	return err
}

// after is the cause of what is told to an account because of a command.
func after(cause es.Cause, account identity.AccountID) es.Cause {
	cause.Command = react.Command("payee "+string(account), cause.Command, 0)
	return cause
}
