package player

import (
	"errors"
	"fmt"

	"github.com/yuanlu/yuanlu/libs/money"
)

// ErrFigures says that a figure is off.
var ErrFigures = errors.New("a figure is off")

// Check compares the figures with what the scenario expects, and demands for any
// seed that they balance. Nil means that all is right.
func (r Result) Check() error {
	var errs []error
	if len(r.Outcomes) == 0 {
		errs = append(errs, fmt.Errorf("%w: no case was reported", ErrFigures))
	}
	if r.Unforeseen > 0 {
		errs = append(errs, fmt.Errorf("%w: %d payments after the start went otherwise than the scenario says", ErrFigures, r.Unforeseen))
	}
	for _, o := range r.Outcomes {
		errs = append(errs, o.check())
	}
	return errors.Join(errs...)
}

func (o Outcome) check() error {
	var errs []error
	same := func(name string, got, want money.Fen) {
		if got != want {
			errs = append(errs, fmt.Errorf("%w: %s is %s and should be %s", ErrFigures, name, got, want))
		}
	}
	count := func(name string, got, want int) {
		if got != want {
			errs = append(errs, fmt.Errorf("%w: %s is %d and should be %d", ErrFigures, name, got, want))
		}
	}
	f := o.Figures
	if o.Refunded {
		same("returned (attributable)", f.Returned, f.Attributable)
		same("frozen (returned + remaining)", f.Frozen, f.Returned+f.RemainingFrozen)
		same("returned (arrived at the victim's account)", f.Returned, o.Arrived)
	}
	// A file that states its figures may have accounts that cannot be frozen, and
	// a gang sends money to accounts that are stopped already.
	if o.settled && o.want == nil && !o.gang {
		same("frozen (stopped)", f.Frozen, f.Stopped)
	}
	if w := o.want; w != nil {
		same("reported", f.Reported, w.Reported)
		count("accounts restrained", f.AccountsRestrained, w.AccountsRestrained)
		if f.Banks < w.Banks {
			count("banks", f.Banks, w.Banks)
		}
		count("levels", f.Levels, w.Levels)
		same("stopped", f.Stopped, w.Stopped)
		same("stopped on level 1", f.StoppedLevel1, w.StoppedLevel1)
		same("attributable", f.Attributable, w.Attributable)
		if o.settled {
			same("frozen", f.Frozen, w.Frozen)
		}
		if o.Refunded {
			same("returned", f.Returned, w.Returned)
			same("remaining frozen", f.RemainingFrozen, w.RemainingFrozen)
		}
	}
	return errors.Join(errs...)
}
