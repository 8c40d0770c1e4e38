package domain

import (
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// causeOutdated closes what was said by hand about facts that have changed.
const causeOutdated = "outdated"

// proposeManual takes down what one officer says by hand. It counts once another
// has signed.
func proposeManual(a Account, cmd ProposeManual) ([]event.AccountEvent, error) {
	switch {
	case a.Attribution.Revision == 0:
		return nil, ErrNotAttributed
	case cmd.Basis != a.Attribution.Revision:
		return nil, ErrBasis.At("/basis")
	case cmd.Reason == "":
		return nil, ErrMethodReason.At("/reason")
	case len(cmd.Parts) == 0 || len(cmd.Parts) > maxManualParts || lotsIn(cmd.Parts) > maxManualLots || len(a.Proposals) >= maxProposals:
		return nil, ErrManualSize.At("/parts")
	case slices.ContainsFunc(a.Proposals, func(p event.ManualAttributionProposed) bool { return p.Proposal == cmd.Proposal }):
		return nil, nil
	}
	proposed := event.ManualAttributionProposed(cmd)
	if _, err := a.byHand(proposed); err != nil {
		return nil, err
	}
	return []event.AccountEvent{proposed}, nil
}

func confirmManual(a Account, cmd ConfirmManual) ([]event.AccountEvent, error) {
	p, err := a.proposal(cmd.Proposal)
	switch {
	case err != nil:
		return nil, err
	case cmd.Officer.Zero() || cmd.Officer.PoliceNo == p.Officer.PoliceNo:
		return nil, ErrSameSigner
	case p.Basis != a.Attribution.Revision:
		return nil, ErrBasis
	}
	now, err := a.byHand(p)
	if err != nil {
		return nil, err
	}
	now.Method = event.Manual
	if now = arrange(now); tooLarge(now) {
		return nil, ErrManualSize
	}
	now.Manual = &event.ManualBasis{Proposal: p.Proposal, Reason: p.Reason, By: p.Officer, CoSigner: cmd.Officer}
	return a.revise(nil, now, cmd.At), nil
}

func rejectManual(a Account, cmd RejectManual) ([]event.AccountEvent, error) {
	if slices.Contains(a.Closed, cmd.Proposal) {
		return nil, nil
	}
	if _, err := a.proposal(cmd.Proposal); err != nil {
		return nil, err
	}
	return []event.AccountEvent{event.ManualAttributionRejected{Proposal: cmd.Proposal, Cause: "refused", Officer: cmd.Officer, At: cmd.At}}, nil
}

// proposal finds one that is not decided.
func (a Account) proposal(id identity.ProposalID) (event.ManualAttributionProposed, error) {
	for _, p := range a.Proposals {
		if p.Proposal == id {
			return p, nil
		}
	}
	if slices.Contains(a.Closed, id) {
		return event.ManualAttributionProposed{}, ErrBasis
	}
	return event.ManualAttributionProposed{}, ErrNoProposal
}

// byHand is the attribution with what a proposal says of it.
func (a Account) byHand(p event.ManualAttributionProposed) (event.FundsAttributed, error) {
	computed, _, err := Attribute(a, a.method(a.Method))
	if err != nil {
		return computed, err
	}
	return a.overlay(computed, p)
}

// overlay puts what is said by hand in the place of what is computed, and checks
// that no money comes from nowhere or is lost: the lots of each part add up to
// the balance or to the outflow, and of each known owner as much is held and has
// left as had reached the account. What is not named stays as it is computed, also
// what the account has sent to itself and not got back.
func (a Account) overlay(f event.FundsAttributed, p event.ManualAttributionProposed) (event.FundsAttributed, error) {
	reached := map[event.Lot]money.Fen{}
	for _, l := range f.Reached {
		reached[ownerOf(l)] += l.Amount
	}
	debits := a.debits()
	f.Outflows = slices.Clone(f.Outflows)
	for _, part := range p.Parts {
		debit, there := debits[part.Transfer]
		total := debit.Transfer.Amount
		if part.Transfer == "" {
			total = f.Balance
		} else if !there {
			return f, ErrManualOutflow.At("/parts")
		}
		if err := fits(part.Lots, total, reached); err != nil {
			return f, err
		}
		if part.Transfer == "" {
			f.Held = merge(part.Lots)
			continue
		}
		debit.Lots = known(merge(part.Lots))
		f = instead(f, debit)
	}
	f.Method, f.Exact = event.Manual, false
	for _, l := range slices.Concat(f.Left, known(f.Held)) {
		reached[ownerOf(l)] -= l.Amount
	}
	for _, rest := range reached {
		if rest != 0 {
			return f, ErrManualOwner.At("/parts")
		}
	}
	return f, nil
}

// instead puts an outflow in the place of the one of the same name, and what it
// carries in the place of what that one did.
func instead(f event.FundsAttributed, out event.Outflow) event.FundsAttributed {
	left := f.Left
	f.Outflows = slices.DeleteFunc(f.Outflows, func(o event.Outflow) bool {
		if o.Transfer.ID != out.Transfer.ID {
			return false
		}
		for _, l := range o.Lots {
			l.Amount = -l.Amount
			left = append(slices.Clip(left), l)
		}
		return true
	})
	f.Left = slices.DeleteFunc(merge(slices.Concat(left, out.Lots)), func(l event.Lot) bool { return l.Amount == 0 })
	if len(out.Lots) > 0 {
		f.Outflows = append(f.Outflows, out)
	}
	return f
}

// fits checks the lots of one part.
func fits(lots []event.Lot, total money.Fen, reached map[event.Lot]money.Fen) error {
	var all money.Fen
	for _, l := range lots {
		var err error
		if all, err = all.Add(l.Amount); err != nil || l.Amount < 0 {
			return ErrManualSum.At("/parts")
		}
		if _, came := reached[ownerOf(l)]; l.Known() && !came {
			return ErrManualOwner.At("/parts")
		}
	}
	if all != total {
		return ErrManualSum.At("/parts")
	}
	return nil
}

// debits are all that has left the account, by name; what it has sent to itself
// has not.
func (a Account) debits() map[identity.TransferID]event.Outflow {
	debits, names := map[identity.TransferID]event.Outflow{}, namer{account: a.Ref}
	for _, row := range a.rows() {
		if row.Credit {
			continue
		}
		t := names.transfer(row, names.next(row))
		if t.To.ID == "" || t.To.ID != a.Ref.ID {
			debits[t.ID] = event.Outflow{Transfer: t, Cash: inCash(row)}
		}
	}
	return debits
}

// applies tells whether the debits that were spoken of by hand are there as they
// were: it may have been found out since where one went.
func (a Account) applies(p event.ManualAttributionProposed) bool {
	debits := a.debits()
	return !slices.ContainsFunc(p.Parts, func(part event.ManualPart) bool {
		_, there := debits[part.Transfer]
		return part.Transfer != "" && !there
	})
}

func lotsIn(parts []event.ManualPart) (n int) {
	for _, p := range parts {
		n += len(p.Lots)
	}
	return n
}
