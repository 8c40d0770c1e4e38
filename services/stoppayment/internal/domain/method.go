package domain

import (
	"github.com/yuanlu/yuanlu/api/event"
)

// chooseMethod has the account attributed by a method of its own. There is one
// ledger for all cases, so that one case chooses; the law prefers the time
// stamps, so that anything else takes a reason.
func chooseMethod(a Account, cmd ChooseMethod) ([]event.AccountEvent, error) {
	switch cmd.Method {
	case event.DirectTimestamp, event.ProRata, event.FIFO, event.LIFO:
	case event.Manual:
		return nil, ErrMethod.At("/method")
	default:
		return nil, ErrMethod.At("/method")
	}
	if cmd.Reason == "" && cmd.Method != event.DirectTimestamp {
		return nil, ErrMethodReason.At("/reason")
	}
	if n := len(a.Chosen); n > 0 {
		last := a.Chosen[n-1]
		switch {
		case last.Method == cmd.Method:
			return nil, nil
		case last.Case != cmd.Case:
			return nil, ErrMethodTaken
		}
	} else if a.Ref.ID == "" {
		return nil, ErrNoAccount
	}
	chosen := event.AttributionMethodChosen(cmd)
	return reattribute(a, []event.AccountEvent{chosen}, cmd.Method, cmd.At)
}
