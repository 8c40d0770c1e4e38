package scenario

import "slices"

// Behaviour (银行行为) is how a bank treats orders. The zero value is a bank that
// answers at once and rightly. Times are the city's.
type Behaviour struct {
	AnswerAfter  Offset   `yaml:"answerAfter"`  // from taking an order to carrying it out
	AnswerWithin Offset   `yaml:"answerWithin"` // if longer, drawn for each order between the two
	AnswersLate  Offset   `yaml:"answersLate"`  // from carrying it out to answering
	Expiry       Offset   `yaml:"expiry"`       // what it states instead of +48h
	FreezeMonths int      `yaml:"freezeMonths"` // the term it gives a freeze instead of what was ordered
	Details      bool     `yaml:"details"`      // tells machine, place and papers of each row
	AnswersTwice bool     `yaml:"answersTwice"` // each answer, the second under a key of its own
	NeverAnswers bool     `yaml:"neverAnswers"` // takes orders and carries none out
	LaterFirst   bool     `yaml:"laterFirst"`   // answers a later order before an earlier one
	Mismatch     string   `yaml:"mismatch"`     // refuses each stop: name | account | amount | time
	Wrong        string   `yaml:"wrong"`        // what is wrong in each answer to a stop, see Faults
	CorrectAfter Offset   `yaml:"correctAfter"` // after which it corrects a wrong answer; never if left out
	PageRows     int      `yaml:"pageRows"`     // rows of one answer, if fewer than may be
	DownFrom     Offset   `yaml:"downFrom"`     // does not look for orders
	DownUntil    Offset   `yaml:"downUntil"`
	Down         []Window `yaml:"down"` // further times of that kind
	Machine      *Machine `yaml:"machine"`
}

// Machine (机器通道) lets a bank take its orders by machine, where the play has
// keys for it; else its desk does. What it says does not depend on which. The
// zero value is a machine that takes every order.
type Machine struct {
	Capacity  int  `yaml:"capacity"`  // orders in work at once; further ones are refused as busy
	BusyEvery int  `yaml:"busyEvery"` // each so-many-th order is refused as busy when it first comes
	MuteEvery int  `yaml:"muteEvery"` // each so-many-th order gets no word when it first comes
	Unsigned  bool `yaml:"unsigned"`  // forgets to sign its receipts
}

// Window (停机时段) is a time in which a bank is down.
type Window struct {
	From  Offset `yaml:"from"`
	Until Offset `yaml:"until"`
}

// Faults lists what may be wrong in an answer: a balance below zero, rows that
// contradict the balances, a transfer before the money came in, money out and
// back in one second, an answer to an order that there is not, one to another
// bank's order.
func Faults() []string {
	return []string{"negative-balance", "contradiction", "before-inflow", "zero-cycle", "unknown-order", "others-order"}
}

// Windows are all times in which the bank is down.
func (b Behaviour) Windows() []Window {
	if b.DownUntil.Duration > b.DownFrom.Duration {
		return append([]Window{{b.DownFrom, b.DownUntil}}, b.Down...)
	}
	return b.Down
}

func (b Bank) check() error {
	way, line := b.Behaviour, b.ID.Line
	if !slices.Contains([]string{"", "name", "account", "amount", "time"}, way.Mismatch) {
		return fault(line, "mismatch is one of name, account, amount, time")
	}
	if way.Wrong != "" && !slices.Contains(Faults(), way.Wrong) {
		return fault(line, "wrong is one of %v", Faults())
	}
	if m := way.Machine; way.PageRows < 0 || m != nil && min(m.Capacity, m.BusyEvery, m.MuteEvery) < 0 || way.FreezeMonths < 0 {
		return fault(line, "pageRows, freezeMonths, capacity, busyEvery and muteEvery are numbers of 0 or more")
	}
	for _, o := range []Offset{way.AnswerAfter, way.AnswerWithin, way.AnswersLate, way.CorrectAfter} {
		if o.Duration < 0 {
			return fault(line, "what a bank takes its time for goes forward")
		}
	}
	for _, w := range append(way.Down, Window{way.DownFrom, way.DownUntil}) {
		if w.Until.Duration < w.From.Duration {
			return fault(line, "the time of being down goes forward")
		}
	}
	return nil
}
