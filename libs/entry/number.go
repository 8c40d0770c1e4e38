package entry

import (
	"regexp"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// Rules on numbers that rest in clear. What they refuse could be somebody's name
// or number.
var (
	ErrDocumentNumber = rule.New("document-number-malformed",
		"文书号应写作“机关代字＋〔年份〕＋序号＋号”，如 茂公（反诈）止付字〔2025〕123号、（2021）粤0982刑初12号，或为字母、数字编号（如 A-12、2025-7），序号不超过 6 位，不得填写姓名、电话、证件号或账号",
		"a document number is written as 茂公（反诈）止付字〔2025〕123号 or （2021）粤0982刑初12号, or as letters and digits such as A-12 or 2025-7, with a serial of at most 6 digits; no name, phone, ID or account number", "").As(rule.Invalid)
	ErrIDMalformed = rule.New("id-malformed",
		"编号应为1至64位字母、数字或连字符，以字母或数字开头", "an id is 1 to 64 letters, digits or hyphens and begins with a letter or digit", "").As(rule.Invalid)
	ErrPersonalNumber = rule.New("number-of-a-person",
		"此处不得填写身份证号、手机号或银行卡号", "an ID, mobile or card number does not belong here", "个人信息保护法 art. 51").As(rule.Invalid)
)

// WarnSerialPersonal is the finding on a serial number that passes for a number
// of a person. It stops nothing: in its place a keyed digest is kept, the same for
// the same number each time.
const WarnSerialPersonal = "serial-like-personal-number"

// The forms of document numbers (文书号): those of the police and other organs,
// whose code names the organ; those of courts; and those of a register, letters
// and digits. None has room for a telephone number, an ID or an account number.
var (
	organDocument    = regexp.MustCompile(`^(\p{Han}{1,12}([（(]\p{Han}{1,8}[）)])?\p{Han}{0,10})[〔［\[(（](19|20)\d{2}[〕］\])）]第?\d{1,6}号([之-]\d{1,3})?$`)
	courtDocument    = regexp.MustCompile(`^[（(〔](19|20)\d{2}[）)〕](最高法|\p{Han}\d{2,4})\p{Han}{1,6}\d{1,6}号([之-]\d{1,3})?$`)
	registerDocument = regexp.MustCompile(`^([A-Z]{1,4}-?\d{1,6}|(19|20)\d{2}[/-]\d{1,6})$`)
	organ            = regexp.MustCompile(`[公检法监安税关司军警证银纪院局]`)
)

// DocumentNumber refuses what cannot be the number of a document (文书号). It
// rests in clear, so that nothing else may be written in its place; that one is
// there is for the rules to demand.
func DocumentNumber(text, pointer string) error {
	if text == "" || courtDocument.MatchString(text) || registerDocument.MatchString(text) {
		return nil
	}
	if m := organDocument.FindStringSubmatch(text); m != nil && organ.MatchString(m[1]) {
		return nil
	}
	return ErrDocumentNumber.At("%s", pointer)
}

var idForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{0,63}$`)

// ID refuses what cannot be an id that the city or one of its suppliers has
// given; none is for the rules to judge.
func ID(text, pointer string) error {
	switch {
	case text == "":
		return nil
	case !idForm.MatchString(text):
		return ErrIDMalformed.At("%s", pointer)
	case personal(text):
		return ErrPersonalNumber.At("%s", pointer)
	}
	return nil
}

// digested marks what stands in the place of a serial number that passes for a
// number of a person.
const digested = "digest:"

// Digested tells whether a serial number is no bank's own but the digest that
// stands in the place of one.
func Digested(serial string) bool { return strings.HasPrefix(serial, digested) }

// Serial (流水号) reads a serial number as it is to rest in clear. One that passes
// for an ID, mobile or card number, that is the number of an account by what
// known says of it, or that has no digit at all and may be a name, is replaced by
// its keyed digest, the same each time: rows and transfers still find each other
// by it. known may be nil.
func (d Desk) Serial(text string, known func(number string) bool) (kept string, hidden bool, err error) {
	if _, err := identity.ParseSerial(text); err != nil {
		return "", false, err
	}
	if Digested(text) {
		return text, false, nil
	}
	if !personal(text) && digitless(text) == 0 && !anyNumber(text, known) {
		return text, false, nil
	}
	return digested + d.Keys.Index(privacy.Serial, text), true, nil
}

// digitless is how many letters a text has that has no digit, 0 for one that has.
func digitless(text string) int {
	letters := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			return 0
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
			letters++
		}
	}
	return letters
}

// shortestAccount is how many characters a serial number must have to be taken for
// an account's: shorter ones meet by accident.
const shortestAccount = 8

func anyNumber(text string, known func(string) bool) bool {
	if known == nil {
		return false
	}
	for _, number := range append(numbersIn(text), identity.NormaliseAccount(text)) {
		if len(number) >= shortestAccount && known(number) {
			return true
		}
	}
	return false
}

// separators are what a serial number may have between its parts.
var separators = strings.NewReplacer("-", "", "_", "", ".", "", "/", "", ":", "", "#", "")

var runForm = regexp.MustCompile(`\d{8,}[Xx]?`)

// numbersIn are the rows of digits in a text, and the text itself where it is one
// once its separators are gone.
func numbersIn(text string) []string {
	numbers := runForm.FindAllString(text, -1)
	if whole := separators.Replace(text); whole != text && runForm.FindString(whole) == whole {
		numbers = append(numbers, whole)
	}
	return numbers
}

// personal tells whether a text has a number in it that passes for a person's.
func personal(text string) bool {
	for _, number := range numbersIn(text) {
		if mobile(number) || idCard(number) || card(number) {
			return true
		}
	}
	return false
}

var mobileForm = regexp.MustCompile(`^(86|0086)?1[3-9]\d{9}$`)

func mobile(number string) bool { return mobileForm.MatchString(number) }

// idCard holds a number of 18 characters against the check digit of GB 11643, and
// its holder against the span of a life: the dates of serial numbers are younger
// or stand elsewhere.
func idCard(number string) bool {
	if len(number) != 18 || number[0] == '0' || number[0] == '9' {
		return false
	}
	if _, err := identity.ParseIDCard(number); err != nil {
		return false
	}
	born, err := time.Parse("20060102", number[6:14])
	return err == nil && born.Year() >= 1900 && born.Year() < 2100
}

var cardForm = regexp.MustCompile(`^(62\d{14,17}|[45]\d{15})$`)

// card tells whether a number passes for a bank card's: of UnionPay or one of the
// two that came before it, with the right check digit.
func card(number string) bool {
	return cardForm.MatchString(number) && len(identity.CheckCard(number)) == 0
}
