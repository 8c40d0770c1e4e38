package identity_test

import (
	"errors"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"pgregory.net/rapid"
)

func TestFiveWorkingDaysLeaveOutWeekendsHolidaysAndCountTheDaysWorkedInstead(t *testing.T) {
	china := identity.Shanghai()
	// The National Day holiday of 2026 as an example of an announced year.
	calendar := identity.Calendar{
		Off:    []string{"2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"},
		Worked: []string{"2026-10-10"},
	}
	for name, c := range map[string]struct {
		from, want time.Time
		days       int
	}{
		"a week without a holiday":                 {time.Date(2026, 11, 2, 9, 0, 0, 0, china), time.Date(2026, 11, 10, 0, 0, 0, 0, china), 5},
		"from a Friday evening":                    {time.Date(2026, 11, 6, 23, 59, 0, 0, china), time.Date(2026, 11, 10, 0, 0, 0, 0, china), 1},
		"over the holiday, with a Saturday worked": {time.Date(2026, 9, 29, 12, 0, 0, 0, china), time.Date(2026, 10, 13, 0, 0, 0, 0, china), 5},
	} {
		t.Run(name, func(t *testing.T) {
			if got := calendar.AddWorkingDays(c.from, c.days); !got.Equal(c.want) {
				t.Errorf("%v, want %v", got.In(china), c.want)
			}
		})
	}
}

func TestADayThatIsNoneIsRefused(t *testing.T) {
	if err := (identity.Calendar{Off: []string{"2026-02-30"}}).Check(); !errors.Is(err, identity.ErrDayMalformed) {
		t.Errorf("got %v", err)
	}
	if err := (identity.Calendar{Worked: []string{"2026-02-28"}}).Check(); err != nil {
		t.Error(err)
	}
}

func TestNWorkingDaysAreNeverOverBeforeNDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(1_500_000_000, 2_000_000_000).Draw(t, "from"), 0)
		n := rapid.IntRange(1, 30).Draw(t, "days")
		got := identity.Calendar{}.AddWorkingDays(from, n)
		if got.Before(identity.AddDays(from, n)) || got.After(identity.AddDays(from, 2*n+2)) {
			t.Fatalf("%d working days from %v end %v", n, from, got)
		}
	})
}
