package load

// The machinery of the rounds, for tests.
var (
	Hammer  = hammer
	Again   = again
	Exactly = exactly
)

// Rate is what a round has shown, per second.
func (s sample) Rate() float64 { return s.rate }

// Count is how many of a round were timed.
func (s sample) Count() int { return len(s.took) }

// InTurn is the order of the rounds.
var InTurn = (*Bench).inTurn

// ErrMissing is a read that did not bring what was asked for.
var ErrMissing = errMissing
