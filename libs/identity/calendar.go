package identity

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/libs/rule"
)

// ErrDayMalformed refuses a day that is not written as a calendar has it.
var ErrDayMalformed = rule.New("day-malformed", "日期应为yyyy-MM-dd", "a day is written yyyy-MM-dd", "").As(rule.Invalid)

// day is how a calendar writes a day.
const day = time.DateOnly

// Calendar (工作日历) tells working days in Asia/Shanghai: Monday to Friday, less
// the holidays that are announced each year, plus the days worked instead of
// them (调休). Days are written yyyy-MM-dd.
type Calendar struct {
	Off    []string // holidays on which nobody works
	Worked []string // Saturdays and Sundays on which everybody does
}

// Check refuses a calendar with a day that is none.
func (c Calendar) Check() error {
	for _, d := range slices.Concat(c.Off, c.Worked) {
		if _, err := time.Parse(day, d); err != nil {
			return ErrDayMalformed
		}
	}
	return nil
}

// Working tells whether the day that t lies in is one.
func (c Calendar) Working(t time.Time) bool {
	local := t.In(shanghai)
	name := local.Format(day)
	switch {
	case slices.Contains(c.Off, name):
		return false
	case slices.Contains(c.Worked, name):
		return true
	}
	return local.Weekday() != time.Saturday && local.Weekday() != time.Sunday
}

// AddWorkingDays returns the moment, in UTC, at which n full working days are
// over, where the day that t lies in does not count. Five working days from a
// Monday end as the next Tuesday begins.
func (c Calendar) AddWorkingDays(t time.Time, n int) time.Time {
	at := ShanghaiDay(t)
	for days := 0; n > 0 && days < longest; days++ {
		if at = at.AddDate(0, 0, 1); c.Working(at) {
			n--
		}
	}
	return at.AddDate(0, 0, 1)
}

// longest bounds the search for working days in a calendar that has none left.
const longest = 3 * 366
