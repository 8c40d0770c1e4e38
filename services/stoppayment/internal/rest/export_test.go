package rest

import (
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// MaskNumber masks an account number.
func MaskNumber(s string) string { return maskNumber(s) }

// MaskName masks a holder.
func MaskName(s string, kind identity.AccountKind) string { return maskName(s, kind) }

// What codes say in Chinese.
func OrderStateName(s domain.OrderState) string           { return orderStateName(s) }
func OrderKindName(kind string) string                    { return orderKindName(kind) }
func CauseName(code string) string                        { return causeName(code) }
func WithheldName(code string) string                     { return withheldName(code) }
func ProtectiveStateName(s domain.ProtectiveState) string { return protectiveStateName(s) }
func FindingName(kind string) string                      { return findingName(kind) }
func CodeName(kind, code string) string                   { return codeName(kind, code) }
func QueryName(tx string) string                          { return queryName(tx) }
func AccountStateName(code string) string                 { return accountStateName(code) }
func ReachName(state string) string                       { return reachName(state) }

// AskedAbout tells which measure of which case an order of an account concerns.
func AskedAbout(events []event.AccountEvent, order identity.OrderID) (identity.CaseID, identity.OrderID, string, bool) {
	a, ok := asked(events, order)
	return a.kase, a.measure, a.change, ok
}
