package identity

import (
	"regexp"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/rule"
)

// Rules that a code or a number can break. Only what the platform itself would
// refuse is a rule; everything softer is a [Warning].
var (
	ErrUnitMalformed = rule.New("unit-code-malformed",
		"公安机关机构代码应为12位数字", "a police unit code has 12 digits", "GA/T 380").As(rule.Invalid)
	ErrPoliceNoMalformed = rule.New("police-no-malformed",
		"警号应为1至64位字母、数字或 : . _ -，以字母或数字开头", "a police number is 1 to 64 letters, digits or : . _ - and begins with a letter or digit", "").As(rule.Invalid)
	ErrSerialMalformed = rule.New("serial-malformed",
		"流水号应为1至64位字母、数字或 - _ . / : #", "a serial number is 1 to 64 letters, digits or - _ . / : #", "").As(rule.Invalid)
	ErrCaseNoMalformed = rule.New("case-no-malformed",
		"案件编号应为A加12位机构代码、年月和4位序号", "a case number is A, a 12-digit unit code, year and month, and 4 digits", "").As(rule.Invalid)
	ErrBankMalformed = rule.New("bank-code-malformed",
		"银行行号应为12位数字", "a bank code has 12 digits", "CNAPS").As(rule.Invalid)
	ErrBankCheckDigit = rule.New("bank-code-check-digit",
		"银行行号校验位不符", "the check digit of the bank code does not match", "ISO 7064 MOD 11,10").As(rule.Invalid)
	ErrBankUnknown = rule.New("bank-unknown",
		"该行号不在本市银行名录中", "no bank of that code is in the city's list", "").As(rule.Invalid)
	ErrIDCardMalformed = rule.New("id-card-malformed",
		"居民身份证号码格式或出生日期不正确", "the ID number has a wrong form or an impossible birth date", "GB 11643-1999").As(rule.Invalid)
	ErrIDCardChecksum = rule.New("id-card-checksum",
		"居民身份证号码校验码不符", "the check digit of the ID number does not match", "GB 11643-1999").As(rule.Invalid)
	ErrIDKindUnknown = rule.New("id-kind-unknown",
		"证件类型代码不在平台代码表中", "the platform has no such kind of identity document", "").As(rule.Invalid)
	ErrUSCCMalformed = rule.New("uscc-malformed",
		"统一社会信用代码应为18位规定字符", "a unified social credit code has 18 characters of its alphabet", "GB 32100-2015").As(rule.Invalid)
	ErrUSCCChecksum = rule.New("uscc-checksum",
		"统一社会信用代码校验码不符", "the check character of the unified social credit code does not match", "GB 32100-2015").As(rule.Invalid)
)

// Unit (公安机关机构代码) is the 12-digit code of a police unit: six digits of
// division, two of kind, four of number.
type Unit string

// ParseUnit reads a unit code. It does not ask whether the division still
// exists: units of retired divisions keep their codes. See [CheckDivision].
func ParseUnit(s string) (Unit, error) {
	if len(s) != 12 || !digits(s) {
		return "", ErrUnitMalformed
	}
	return Unit(s), nil
}

// Division (行政区划代码) is the six-digit division that the unit belongs to.
func (u Unit) Division() string { return string(u[:min(6, len(u))]) }

var policeNoForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z:._-]{0,63}$`)

// ParsePoliceNo reads a police number (警号), or the id by which a bank's desk or
// a service is known in a token. It is never a name.
func ParsePoliceNo(s string) (string, error) {
	if !policeNoForm.MatchString(s) {
		return "", ErrPoliceNoMalformed
	}
	return s, nil
}

var serialForm = regexp.MustCompile(`^[0-9A-Za-z_./:#-]{1,64}$`)

// ParseSerial reads a number that another system has given: a bank's serial
// number of a transfer (流水号), a supplier's of an order. It rests in clear, so
// that nothing else may be written in its place.
func ParseSerial(s string) (string, error) {
	if !serialForm.MatchString(s) {
		return "", ErrSerialMalformed
	}
	return s, nil
}

var caseNoForm = regexp.MustCompile(`^A\d{12}(19|20)\d{2}(0[1-9]|1[0-2])\d{4}$`)

// CaseNo (案件编号) is the number a case gets when it is filed: A, the unit's
// code, year and month, and a serial of four digits.
type CaseNo string

// ParseCaseNo reads a case number.
func ParseCaseNo(s string) (CaseNo, error) {
	if !caseNoForm.MatchString(s) {
		return "", ErrCaseNoMalformed
	}
	return CaseNo(s), nil
}

// Unit is the police unit that the case number names.
func (n CaseNo) Unit() Unit {
	if len(n) < 13 {
		return ""
	}
	return Unit(n[1:13])
}

// ParseIDCard (居民身份证号码) returns the number in its stored form: blanks
// cut off, full-width characters made plain and a final x made X. Old numbers of 15 digits are taken as they are,
// since they carry no check digit. Whether the date lies in the future is a
// question of when it is asked: see [CheckIDCard].
func ParseIDCard(s string) (string, error) {
	s = strings.ToUpper(strings.TrimSpace(Plain(s)))
	if len(s) == 15 && digits(s) {
		return s, nil
	}
	if len(s) != 18 || !digits(s[:17]) || (s[17] != 'X' && !digits(s[17:])) {
		return "", ErrIDCardMalformed
	}
	if _, err := time.Parse("20060102", s[6:14]); err != nil || s[6:10] < "1800" {
		return "", ErrIDCardMalformed
	}
	if s[17] != idCardCheck(s[:17]) {
		return "", ErrIDCardChecksum
	}
	return s, nil
}

// idCardCheck computes the 18th character of GB 11643 (ISO 7064 MOD 11-2).
func idCardCheck(body string) byte {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += w * int(body[i]-'0')
	}
	return "10X98765432"[sum%11]
}

// usccAlphabet leaves out I, O, S, V and Z, which look like digits or other letters.
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// ParseUSCC (统一社会信用代码) returns the code of a firm in its stored form:
// blanks cut off, full-width characters made plain, upper case.
func ParseUSCC(s string) (string, error) {
	s = strings.ToUpper(strings.TrimSpace(Plain(s)))
	if len(s) != 18 {
		return "", ErrUSCCMalformed
	}
	sum, weight := 0, 1
	for i := range 17 {
		value := strings.IndexByte(usccAlphabet, s[i])
		if value < 0 {
			return "", ErrUSCCMalformed
		}
		sum += value * weight
		weight = weight * 3 % 31
	}
	if strings.IndexByte(usccAlphabet, s[17]) < 0 {
		return "", ErrUSCCMalformed
	}
	if s[17] != usccAlphabet[(31-sum%31)%31] {
		return "", ErrUSCCChecksum
	}
	return s, nil
}

// digits tells whether s consists of ASCII digits, and of at least one.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
