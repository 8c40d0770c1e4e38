package domain

import "github.com/yuanlu/yuanlu/libs/identity"

// Letting tells whether a release of all that a freeze holds is still to come.
func Letting(a Account, freeze identity.OrderID) bool { return a.letting(freeze) }
