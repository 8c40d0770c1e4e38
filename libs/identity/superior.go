package identity

import "strings"

// Stem is what the codes of a unit and of those below it begin with. A unit code
// goes from the large to the small, two digits each: province, city, county, kind
// of unit, and two more; what a unit is not divided by is written as zeros. "" for
// a code of zeros, which no unit has.
func (u Unit) Stem() string {
	stem := string(u)
	for len(stem) > 0 && strings.HasSuffix(stem, "00") {
		stem = stem[:len(stem)-2]
	}
	return stem
}

// bureauDigits name province, city and county in a unit code.
const bureauDigits = 6

// Bureau (承办机关) names the county-level bureau that a unit belongs to, or the
// city's or the province's own: a bureau and its stations are one agency.
func (u Unit) Bureau() string { return string(u[:min(len(u), bureauDigits)]) }

// Oversees tells whether a unit is the given one or superior to it (上级单位): their
// codes begin alike up to the zeros of the superior one, as 440900000000 oversees
// 440982000000, and that one 440982010000.
func (u Unit) Oversees(other Unit) bool {
	stem := u.Stem()
	return u == other || (stem != "" && strings.HasPrefix(string(other), stem))
}
