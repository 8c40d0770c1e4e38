package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// freezeAnswered takes an answer to a freeze. What the edge found in it is on
// record, whatever becomes of the answer.
func freezeAnswered(a Account, cmd AnswerFreeze) ([]event.AccountEvent, error) {
	events, err := answerFreeze(a, cmd)
	return a.andFindings(events, err, cmd.Order, cmd.Findings, cmd.At)
}

// followUpAnswered does the same with an answer to a renewal or a release.
func followUpAnswered(a Account, cmd AnswerFollowUp) ([]event.AccountEvent, error) {
	events, err := answerFollowUp(a, cmd)
	return a.andFindings(events, err, cmd.Order, cmd.Findings, cmd.At)
}

// stopChangeAnswered does the same with an answer to an order that changes or ends
// a stop.
func stopChangeAnswered(a Account, cmd AnswerStopChange) ([]event.AccountEvent, error) {
	events, err := answerStopChange(a, cmd)
	return a.andFindings(events, err, cmd.Order, cmd.Findings, cmd.At)
}

// andFindings adds to what an answer has led to what the edge found in it.
func (a Account) andFindings(events []event.AccountEvent, err error, order identity.OrderID, findings []event.BankDiscrepancyFound, at time.Time) ([]event.AccountEvent, error) {
	if err != nil {
		return nil, err
	}
	o, _ := a.Find(order)
	for _, d := range findings {
		told := slices.ContainsFunc(events, func(e event.AccountEvent) bool {
			f, ok := e.(event.BankDiscrepancyFound)
			return ok && f.Kind == d.Kind && f.Found == d.Found && f.Row == d.Row
		})
		if !told {
			events = a.note(events, o, d, at)
		}
	}
	return events, nil
}
