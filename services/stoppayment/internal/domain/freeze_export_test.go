package domain

import (
	"slices"

	"github.com/yuanlu/yuanlu/libs/identity"
)

// Letting tells whether a release of all that a freeze holds is still to come.
func Letting(a Account, freeze identity.OrderID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return o.Kind == KindRelease && o.Target == freeze && o.Amount == 0 && a.pending(o)
	})
}
