package rest

import (
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// contradictions finds what cannot both be in one answer: an order that is carried
// out and has failed, a measure on an account that is closed, an order that is not
// carried out and holds money. The result counts; which of the two is so is for a
// person to ask the bank.
func (r *reader) contradictions(row view.Row, in bank.Answer) (found []event.BankDiscrepancyFound) {
	but := func(field, value string) {
		found = append(found, event.BankDiscrepancyFound{Kind: domain.AnswerContradicts, Expected: "result " + in.Result, Found: field + " " + value})
	}
	if in.Result != bank.ResultOK {
		for _, said := range [][2]string{{"stoppedAmount", in.StoppedAmount}, {"frozedBalance", in.FrozedBalance}, {"releasedAmount", in.ReleasedAmount}} {
			if f, err := entry.PlatformAmount(said[1], ""); err == nil && f > 0 {
				but(said[0], f.Decimal())
			}
		}
		return found
	}
	switch {
	case in.FailureCause == "":
	case domain.KnownCause(in.FailureCause):
		but("failureCause", in.FailureCause)
	default: // free text can name a person
		but("failureCause", r.digest(in.FailureCause))
	}
	if in.State == bank.StateClosed && holds(kindOfRow(row)) {
		but("state", in.State)
	}
	return found
}

// holds tells whether an order asks a bank to hold money, which a closed account
// has none of.
func holds(kind string) bool {
	switch kind {
	case "stop", "second-stop", "raise", "narrowing", "freeze", "renewal":
		return true
	}
	return false
}
