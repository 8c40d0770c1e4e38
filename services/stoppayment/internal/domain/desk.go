package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// MaxStrays is how many stray answers of one bank are kept one by one in an
// hour: enough to see what goes wrong, and too few to fill the log with.
const MaxStrays = 20

// strayWindow is the time over which strays are counted.
const strayWindow = time.Hour

// Channels that an answer comes by.
const (
	ByDesk    = "desk"    // 银行专席
	ByMachine = "machine" // 机器通道
)

// Desk (银行往来) is what has happened between the city and one bank, outside
// any account.
type Desk struct {
	Unreachable bool
	Since       time.Time // of Unreachable
	Cause       string    // of Unreachable
	Hour        time.Time // in which the strays are counted
	Strays      int
	Dropped     bool // more strays came in Hour than are kept
}

// DeskCommand is something that can be asked of a bank's desk.
//
//sumtype:decl
type DeskCommand interface{ isDeskCommand() }

// NoteStray (无主反馈登记): a bank has answered what is not its to answer.
type NoteStray struct {
	Bank    identity.BankCode
	Order   string // "" if what it named is no order's id
	Reason  string // code of the rule that refused it
	Digest  string
	Channel string
	At      time.Time
}

// NoteUnreachable (通道中断登记): the bank's machine takes no orders.
type NoteUnreachable struct {
	Bank  identity.BankCode
	Cause string
	At    time.Time
}

// NoteReachable (通道恢复登记): it does again.
type NoteReachable struct {
	Bank identity.BankCode
	At   time.Time
}

func (NoteStray) isDeskCommand()       {}
func (NoteUnreachable) isDeskCommand() {}
func (NoteReachable) isDeskCommand()   {}

// DeskDecider is all of the rules of one bank's desk.
func DeskDecider() es.Decider[Desk, DeskCommand, event.DeskEvent] {
	return es.Decider[Desk, DeskCommand, event.DeskEvent]{Decide: DecideDesk, Evolve: EvolveDesk, Due: func(Desk) []es.Alarm { return nil }}
}

// EvolveDesk folds one event into the state.
func EvolveDesk(d Desk, e event.DeskEvent) Desk {
	switch e := e.(type) {
	case event.StrayAnswerReceived:
		d = d.in(e.At)
		d.Strays++
	case event.StrayAnswersDropped:
		d = d.in(e.At)
		d.Dropped = true
	case event.BankUnreachable:
		d.Unreachable, d.Since, d.Cause = true, e.At, e.Cause
	case event.BankReachable:
		d.Unreachable, d.Since, d.Cause = false, time.Time{}, ""
	}
	return d
}

// in counts anew in a new hour. Time never runs back here: an hour that is over
// is not opened again by a clock that lags.
func (d Desk) in(at time.Time) Desk {
	if hour := at.Truncate(strayWindow); hour.After(d.Hour) {
		d.Hour, d.Strays, d.Dropped = hour, 0, false
	}
	return d
}

// DecideDesk is every rule about a bank's desk. What is not its to answer is
// refused elsewhere; here it is kept, so that an officer sees it.
func DecideDesk(d Desk, cmd DeskCommand) ([]event.DeskEvent, error) {
	switch cmd := cmd.(type) {
	case NoteStray:
		d = d.in(cmd.At)
		switch {
		case d.Strays < MaxStrays:
			return []event.DeskEvent{event.StrayAnswerReceived(cmd)}, nil
		case !d.Dropped:
			return []event.DeskEvent{event.StrayAnswersDropped{Bank: cmd.Bank, Since: d.Hour, At: cmd.At}}, nil
		}
	case NoteUnreachable:
		if !d.Unreachable {
			return []event.DeskEvent{event.BankUnreachable(cmd)}, nil
		}
	case NoteReachable:
		if d.Unreachable {
			return []event.DeskEvent{event.BankReachable(cmd)}, nil
		}
	}
	return nil, nil
}
