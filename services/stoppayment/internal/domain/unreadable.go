package domain

import (
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
)

// freezeAnswered takes an answer to a freeze. What the edge found in it that cannot
// be stored as it came is on record, whatever becomes of the answer.
func freezeAnswered(a Account, cmd AnswerFreeze) ([]event.AccountEvent, error) {
	events, err := answerFreeze(a, cmd)
	if err != nil {
		return nil, err
	}
	o, _ := a.Find(cmd.Order)
	for _, d := range cmd.Findings {
		told := slices.ContainsFunc(events, func(e event.AccountEvent) bool {
			f, ok := e.(event.BankDiscrepancyFound)
			return ok && f.Kind == d.Kind && f.Found == d.Found && f.Row == d.Row
		})
		if !told {
			events = a.note(events, o, d, cmd.At)
		}
	}
	return events, nil
}
