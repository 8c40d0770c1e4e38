package rest

import (
	"regexp"
	"unicode/utf8"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

const (
	// unreadable stands where a bank has written what cannot be kept: what is kept
	// of its words rests in clear, and free text can name a person.
	unreadable = "unreadable"
	// maxAgency bounds the name of an authority, in characters.
	maxAgency = 60
	// maxFindings bounds how much of one answer is told of as not fitting.
	maxFindings = 200
	// maxUnread bounds how many texts of one answer are told of one by one.
	maxUnread = 20
)

var (
	// agencyForm is the name of an authority, with the code of a unit before or
	// behind it, or a code alone.
	agencyForm = regexp.MustCompile(`^([0-9]{6}|[0-9]{12}|[\p{Han}0-9()（）]*(公安|法院|检察|海关|监察|监管|税务|局|厅|部|院|队|所|中心|委员会)[\p{Han}0-9()（）]*)$`)
	// longDigits is what numbers of accounts, people and telephones look like.
	longDigits = regexp.MustCompile(`[0-9]{7,}`)
	// unitForm is the code of a police unit: its first digit is a region's.
	unitForm = regexp.MustCompile(`^[1-8][0-9]{11}$`)
	// bankForm is a bank's code, or a payment institution's.
	bankForm = regexp.MustCompile(`^([0-9]{12}|[0-9]{14}|[A-Z][0-9]{13})$`)
)

// isAgency tells whether a text is the name or the code of an authority, and
// nothing that could be somebody's number: beside the code of one unit there is no
// row of seven digits in it.
func isAgency(text string) bool {
	if utf8.RuneCountInString(text) > maxAgency || !agencyForm.MatchString(text) {
		return false
	}
	numbers := longDigits.FindAllString(text, -1)
	return len(numbers) == 0 || len(numbers) == 1 && unitForm.MatchString(numbers[0])
}

// agency is who ordered a measure, as a bank writes it.
func (r *reader) agency(text, pointer string) string {
	if text == "" || isAgency(text) {
		return text
	}
	r.cannotKeep(text, pointer, "")
	return unreadable
}

// bank is the bank of another account. It need not be one of the city's list.
func (r *reader) bank(text, pointer, row string) string {
	if text = identity.Plain(text); text == "" || bankForm.MatchString(text) {
		return text
	}
	r.cannotKeep(text, pointer, row)
	return unreadable
}

// kind is the kind of another account; one that no bank codes is none.
func (r *reader) kind(text, pointer, row string) string {
	if text == "" || identity.AccountKind(text).Known() {
		return text
	}
	r.cannotKeep(text, pointer, row)
	return ""
}

// cannotKeep notes that there was a text, and its keyed digest: whoever has the
// text can prove that it was this one.
func (r *reader) cannotKeep(text, pointer, row string) {
	if len(r.unread) < maxUnread {
		r.unread = append(r.unread, event.BankDiscrepancyFound{Kind: domain.TextUnreadable, Found: pointer + " " + r.digest(text), Row: row})
	}
}
