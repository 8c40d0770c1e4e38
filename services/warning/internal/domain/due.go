package domain

import (
	"slices"

	"github.com/yuanlu/yuanlu/libs/es"
)

// The clocks of an alert.
const (
	SignClock    = "sign"    // 签收时限
	ContactClock = "contact" // 首次联系时限
)

// Due lists the clocks that run: from the dispatch until the station has signed
// or someone has tried to reach the subject. A clock that ran out has said so
// and stays silent.
func Due(a Alert) []es.Alarm {
	if !a.Dispatched() || a.Closed() {
		return nil
	}
	var due []es.Alarm
	if a.SignedBy.Zero() && !slices.Contains(a.Breached, SignClock) {
		due = append(due, es.Alarm{Name: SignClock, At: a.SignDue})
	}
	if a.Contacts == 0 && !slices.Contains(a.Breached, ContactClock) {
		due = append(due, es.Alarm{Name: ContactClock, At: a.ContactDue})
	}
	return due
}
