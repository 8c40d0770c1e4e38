package identity_test

import (
	"errors"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"pgregory.net/rapid"
)

func utc(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func TestPlatformTimeIsShanghaiTime(t *testing.T) {
	got, err := identity.ParsePlatformTime("20210717160005")
	if want := utc(t, "2021-07-17T08:00:05Z"); err != nil || !got.Equal(want) || got.Location() != time.UTC {
		t.Fatalf("got %s, %v; want %s", got, err, want)
	}
	if s := identity.FormatPlatformTime(got); s != "20210717160005" {
		t.Fatalf("written back as %s", s)
	}
	for _, wrong := range []string{"", "20210717", "20210732160000", "2021071716000", "20210717160000.5", "2021-07-17 16:00"} {
		if _, err := identity.ParsePlatformTime(wrong); !errors.Is(err, identity.ErrTimeMalformed) {
			t.Errorf("%q is read: %v", wrong, err)
		}
	}
}

func TestI70_DayBoundariesAreThoseOfShanghai(t *testing.T) {
	for _, c := range []struct{ rule, at, day, thirty string }{
		{"an afternoon in China", "2021-07-17T08:00:00Z", "2021-07-16T16:00:00Z", "2021-08-16T16:00:00Z"},
		{"a minute before midnight", "2021-07-17T15:59:00Z", "2021-07-16T16:00:00Z", "2021-08-16T16:00:00Z"},
		{"midnight opens the next day", "2021-07-17T16:00:00Z", "2021-07-17T16:00:00Z", "2021-08-17T16:00:00Z"},
		{"early morning in China is the day before in UTC", "2021-12-31T17:00:00Z", "2021-12-31T16:00:00Z", "2022-01-31T16:00:00Z"},
		{"over a leap day", "2024-02-10T04:00:00Z", "2024-02-09T16:00:00Z", "2024-03-11T16:00:00Z"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			at := utc(t, c.at)
			if got, want := identity.ShanghaiDay(at), utc(t, c.day); got != want {
				t.Errorf("the day began at %s, want %s", got, want)
			}
			if got, want := identity.AddDays(at, 30), utc(t, c.thirty); got != want {
				t.Errorf("30 full days are over at %s, want %s", got, want)
			}
		})
	}
}

func TestI70_ThirtyFullDaysAreNeverFewer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1_400_000_000, 2_500_000_000).Draw(t, "at"), 0)
		n := rapid.IntRange(0, 400).Draw(t, "days")
		end, full := identity.AddDays(at, n), time.Duration(n)*24*time.Hour
		if passed := end.Sub(at); passed <= full || passed > full+24*time.Hour {
			t.Fatalf("%d days after %s end at %s", n, at, end)
		}
		if !identity.ShanghaiDay(end).Equal(end) {
			t.Fatalf("%s is not midnight in China", end)
		}
	})
}

func TestMonthsEndWithTheMonth(t *testing.T) {
	for _, c := range []struct {
		rule, at string
		months   int
		want     string
	}{
		{"six months keep day and time", "2021-07-19T02:30:00Z", 6, "2022-01-19T02:30:00Z"},
		{"31 August and six months is the last of February", "2021-08-31T02:00:00Z", 6, "2022-02-28T02:00:00Z"},
		{"or the 29th in a leap year", "2023-08-31T02:00:00Z", 6, "2024-02-29T02:00:00Z"},
		{"the day is that of China, not of UTC", "2021-08-30T17:00:00Z", 6, "2022-02-27T17:00:00Z"},
		{"twelve months from a leap day", "2024-02-29T04:00:00Z", 12, "2025-02-28T04:00:00Z"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if got, want := identity.AddMonths(utc(t, c.at), c.months), utc(t, c.want); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestTheZoneNeedsNoDatabase(t *testing.T) {
	name, offset := time.Unix(0, 0).In(identity.Shanghai()).Zone()
	if name != "Asia/Shanghai" || offset != 8*3600 {
		t.Errorf("%s is %d s from UTC", name, offset)
	}
}
