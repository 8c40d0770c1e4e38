package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// NoteUndelivered (送达失败登记): the machine channel cannot deliver an order.
// The order stays approved: the bank's desk has it, and the channel goes on
// trying.
type NoteUndelivered struct {
	Order    identity.OrderID
	Cause    string // code
	Attempts int
	At       time.Time
}

func (NoteUndelivered) isAccountCommand() {}

// noteUndelivered keeps the failure once, until the bank takes the order.
func noteUndelivered(a Account, cmd NoteUndelivered) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok:
		return nil, ErrNoOrder
	case o.State != Approved || o.Undelivered:
		return nil, nil // taken or answered in the end, or shown before
	}
	return []event.AccountEvent{event.OrderDeliveryFailed(cmd)}, nil
}
