package rest

import (
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// MaskNumber masks an account number.
func MaskNumber(s string) string { return maskNumber(s) }

// MaskName masks a holder.
func MaskName(s string, kind identity.AccountKind) string { return maskName(s, kind) }

// AskedAbout tells which measure of which case an order of an account concerns.
func AskedAbout(events []event.AccountEvent, order identity.OrderID) (identity.CaseID, identity.OrderID, string, bool) {
	a, ok := asked(events, order)
	return a.kase, a.measure, a.change, ok
}
