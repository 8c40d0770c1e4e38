package identity

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/rule"
)

// ErrTimeMalformed refuses a time that is not written as the platform does.
var ErrTimeMalformed = rule.New("platform-time-malformed",
	"时间应为yyyyMMddHHmmss", "a time is written yyyyMMddHHmmss", "").As(rule.Invalid)

// platformTime is how bank messages write a time; the zone is understood.
const platformTime = "20060102150405"

// A fixed zone needs no time zone database in the image. China has had no
// summer time since 1991, long before the first time this system can meet.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Shanghai (北京时间) is the zone in which people and banks tell the time,
// UTC+8. Times are stored in UTC and shown in this zone.
func Shanghai() *time.Location { return shanghai }

// ParsePlatformTime reads a time as bank messages write it, yyyyMMddHHmmss in
// Asia/Shanghai, and returns it in UTC.
func ParsePlatformTime(s string) (time.Time, error) {
	// The length is asked because time.Parse also takes a fraction of seconds.
	t, err := time.ParseInLocation(platformTime, s, shanghai)
	if err != nil || len(s) != len(platformTime) {
		return time.Time{}, ErrTimeMalformed
	}
	return t.UTC(), nil
}

// FormatPlatformTime writes a time as bank messages do. Fractions of a second
// are cut off.
func FormatPlatformTime(t time.Time) string { return t.In(shanghai).Format(platformTime) }

// ShanghaiDay returns the moment, in UTC, at which the calendar day of
// Asia/Shanghai that t lies in began.
func ShanghaiDay(t time.Time) time.Time {
	year, month, day := t.In(shanghai).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, shanghai).UTC()
}

// AddDays returns the moment, in UTC, at which n full calendar days of
// Asia/Shanghai are over, where the day that t lies in does not count (开始的当日
// 不计算在内). A notice posted on 1 March for 30 days ends as 1 April begins.
func AddDays(t time.Time, n int) time.Time {
	return ShanghaiDay(t).AddDate(0, 0, n+1) // UTC days are as long as those of a fixed zone
}

// AddMonths returns the same time of day n calendar months later, reckoned in
// Asia/Shanghai and returned in UTC. Where that month is too short it is the
// month's last day: six months from 31 August end on 28 February.
func AddMonths(t time.Time, n int) time.Time {
	local := t.In(shanghai)
	moved := local.AddDate(0, n, 0)
	if moved.Day() != local.Day() {
		moved = moved.AddDate(0, 0, -moved.Day())
	}
	return moved.UTC()
}
