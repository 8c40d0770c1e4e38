package identity

import (
	"strings"
	"unicode"
)

// The forms that a Chinese keyboard writes of the characters of ASCII: the same
// characters, one block of Unicode further up.
const (
	fullFirst, fullLast = '\uff01', '\uff5e'
	fullShift           = fullFirst - '!'
)

// Plain writes full-width characters (全角) as the ASCII that they stand for and
// leaves out what [Visible] leaves out, so that what reads alike is alike. A text
// that was plain already stays as it is.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case hidden(r):
			return -1
		case r >= fullFirst && r <= fullLast:
			return r - fullShift
		case r == '\u3000':
			return ' '
		}
		return r
	}, text)
}

// Visible leaves out of a text what nobody sees: characters of format, such as
// those without a width and those that turn the direction of writing. Everything
// else stays as it is written.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, text)
}

// hidden tells whether a character is there only to change how others are shown.
// Those that choose between two forms of a Chinese character are not meant.
func hidden(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// bare leaves out of a number the blanks of every width and the hyphens that are
// written between its parts, which keyboards and spreadsheets have many of.
func bare(number string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\u2212' || unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Pd, r) {
			return -1
		}
		return r
	}, Plain(number))
}
