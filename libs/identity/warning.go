package identity

import (
	_ "embed" // for the table of divisions
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Warning (提示) is a soft finding. It is stored beside what was entered and
// shown to the officer, and never stops an order.
type Warning struct {
	Code    string `json:"code"`              // stable, kebab-case
	Pointer string `json:"pointer,omitempty"` // JSON pointer to the field
}

// The soft findings.
const (
	WarnCardNoLuhn       = "card-no-luhn"       // 13 to 19 digits whose check digit does not match
	WarnAccountMalformed = "account-malformed"  // not like any account number
	WarnDivisionRetired  = "division-retired"   // the division had been dissolved by then
	WarnDivisionUnknown  = "division-unknown"   // the table does not know the division at that time
	WarnPhoneNotMobile   = "phone-not-mobile"   // not a mobile number of the mainland
	WarnIDCardFuture     = "id-card-born-later" // the birth date lies after the time given
)

// At returns the warnings with a JSON pointer to the field they are about.
func At(warnings []Warning, format string, args ...any) []Warning {
	placed := make([]Warning, 0, len(warnings))
	for _, w := range warnings {
		w.Pointer = fmt.Sprintf(format, args...)
		placed = append(placed, w)
	}
	return placed
}

var accountForm = regexp.MustCompile(`^[0-9A-Za-z_-]{5,64}$`)

// CheckCard (卡号校验) looks at an account number. Bank cards of 13 to 19 digits
// should satisfy Luhn's formula, but accounts of firms and sub-accounts
// (主账号_子账号) do not, so that a finding is a hint and no more.
func CheckCard(number string) []Warning {
	number = NormaliseAccount(number)
	switch {
	case !accountForm.MatchString(number):
		return []Warning{{Code: WarnAccountMalformed}}
	case len(number) >= 13 && len(number) <= 19 && digits(number) && !luhn(number):
		return []Warning{{Code: WarnCardNoLuhn}}
	}
	return nil
}

func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

var mobileForm = regexp.MustCompile(`^1[3-9]\d{9}$`)

// CheckPhone looks at a phone number. Fraudsters call from short codes, foreign
// and internet numbers too, so that a finding is a hint and no more.
func CheckPhone(number string) []Warning {
	if mobileForm.MatchString(NormalisePhone(number)) {
		return nil
	}
	return []Warning{{Code: WarnPhoneNotMobile}}
}

// CheckIDCard asks what [ParseIDCard] cannot: whether the bearer was born at the
// time given. The number must have been parsed.
func CheckIDCard(number string, at time.Time) []Warning {
	if len(number) == 18 && number[6:14] > at.In(shanghai).Format("20060102") {
		return []Warning{{Code: WarnIDCardFuture}}
	}
	return nil
}

// division is one line of the table: a code and the days it was in force.
type division struct{ from, until string }

//go:embed divisions.csv
var divisionsCSV []byte

var divisions = sync.OnceValue(func() map[string]division {
	rows, err := readCSV(divisionsCSV, 4)
	if err != nil {
		panic(err) // the table is part of the program and read by its tests
	}
	table := make(map[string]division, len(rows))
	for _, row := range rows {
		table[row[0]] = division{from: row[2], until: row[3]}
	}
	return table
})

// CheckDivision (行政区划校验) looks up the first six digits of a division,
// unit or ID number as the table stood at that time. Retired codes stay valid
// for their interval, and no code is ever refused.
func CheckDivision(code string, at time.Time) []Warning {
	d, known := divisions()[code[:min(6, len(code))]]
	day := at.In(shanghai).Format(time.DateOnly)
	switch {
	case !known || (d.from != "" && day < d.from):
		return []Warning{{Code: WarnDivisionUnknown}}
	case d.until != "" && day > d.until:
		return []Warning{{Code: WarnDivisionRetired}}
	}
	return nil
}

// NormaliseAccount returns an account number without blanks, hyphens and what
// nobody sees, in ASCII where it was written full-width, and in upper case: the
// form in which it is compared and indexed. The mark between main and sub-account
// (_) stays.
func NormaliseAccount(number string) string { return strings.ToUpper(bare(number)) }

// NormalisePhone returns a phone number without blanks, hyphens, brackets, what
// nobody sees and the prefix of China (+86, 0086), in ASCII where it was written
// full-width: the form in which it is compared and indexed.
func NormalisePhone(number string) string {
	number = strings.NewReplacer("(", "", ")", "").Replace(bare(number))
	for _, prefix := range []string{"+86", "0086"} {
		if rest, ok := strings.CutPrefix(number, prefix); ok {
			return rest
		}
	}
	return number
}

// NormaliseName returns a name without blanks and what nobody sees, in upper case
// and in ASCII where it was written full-width, with one form of the dot in
// transcribed names: the form in which it is compared and indexed.
func NormaliseName(name string) string {
	name = strings.NewReplacer("•", "·", "・", "·", "．", "·").Replace(name) // before the last of them becomes a full stop
	return strings.ToUpper(strings.NewReplacer(" ", "", "\t", "").Replace(Plain(name)))
}
