package privacy

import "errors"

// Lost tells whether an error says that a box cannot be opened, now or later:
// its key is gone or is not ours, or it is not what was sealed. Whoever shows a
// list leaves that one entry out and says so.
func Lost(err error) bool {
	return errors.Is(err, ErrShredded) || errors.Is(err, ErrTampered) || errors.Is(err, ErrKeyUnusable)
}
