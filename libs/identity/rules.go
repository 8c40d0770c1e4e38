package identity

import "github.com/yuanlu/yuanlu/libs/rule"

// Rules lists the rules of this package.
func Rules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		ErrUnitMalformed, ErrPoliceNoMalformed, ErrSerialMalformed, ErrCaseNoMalformed, ErrBankMalformed, ErrBankCheckDigit, ErrBankUnknown, ErrIDCardMalformed, ErrIDCardChecksum,
		ErrIDKindUnknown, ErrUSCCMalformed, ErrUSCCChecksum, ErrTimeMalformed,
	} {
		rules = append(rules, v.Rule)
	}
	return rules
}
