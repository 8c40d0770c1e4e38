package eventnode_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func woken(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestOnlyThoseAreWokenWhoseStreamHasMoved(t *testing.T) {
	tail := eventnode.NewTail(3)
	one, leaveOne := tail.Watch("case-1")
	again, leaveAgain := tail.Watch("case-1")
	two, leaveTwo := tail.Watch("case-2")
	anything := tail.Any()
	tail.Advance(5, "case-1", "case-3", "case-1")
	if !woken(one) || !woken(again) || woken(two) || !woken(anything) {
		t.Error("an event of case-1 woke the wrong ones")
	}
	if woken(one) {
		t.Error("one event woke twice")
	}
	tail.Advance(5, "case-2")
	if woken(two) || woken(tail.Any()) {
		t.Error("what is known already woke somebody")
	}
	leaveOne()
	tail.Advance(6, "case-1")
	tail.Advance(7, "case-1")
	if woken(one) || !woken(again) {
		t.Error("the wrong one of two was woken")
	}
	leaveAgain()
	leaveTwo()
	if n := tail.Watched(); n != 0 {
		t.Errorf("%d streams are watched by nobody", n)
	}
}
