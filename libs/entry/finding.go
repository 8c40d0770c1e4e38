package entry

import "github.com/yuanlu/yuanlu/libs/identity"

// Finding is a soft finding (提示) as it is shown to the one who typed: the code
// for programs, and what it says to people.
type Finding struct {
	Code    string `json:"code" doc:"stable, kebab-case"`
	Pointer string `json:"pointer,omitempty" doc:"JSON pointer to the field"`
	Title   string `json:"title" doc:"what it says, Chinese"`
	TitleEN string `json:"titleEn" doc:"what it says, English"`
}

// said is what one finding says in both languages.
type said struct{ zh, en string }

// sayings are what the findings of every service say.
func sayings() map[string]said {
	return map[string]said{
		identity.WarnCardNoLuhn:       {"卡号校验位不符，请核对", "the check digit of the card number does not match; please compare"},
		identity.WarnAccountMalformed: {"账号格式不像任何银行账号，请核对", "the number is not like any bank account's; please compare"},
		identity.WarnDivisionRetired:  {"该行政区划代码当时已撤销", "the division had been dissolved by then"},
		identity.WarnDivisionUnknown:  {"行政区划代码表中当时没有该代码", "the table of divisions does not know the code at that time"},
		identity.WarnPhoneNotMobile:   {"不是中国大陆手机号码", "not a mobile number of the mainland"},
		identity.WarnIDCardFuture:     {"身份证号码中的出生日期晚于当时，请核对", "the birth date in the ID number lies after the time given; please compare"},
		WarnSerialPersonal:            {"流水号像是证件号、手机号、卡号或姓名，仅保存其摘要", "the serial number passes for a person's number or name; only its digest is kept"},
		"transfer-possibly-twice":     {"与已申报的一笔转账相同，可能重复，请核对", "like a transfer that was declared before, possibly the same; please compare"},
	}
}

// Told shows soft findings in words. It is never nil.
func Told(warnings []identity.Warning) []Finding {
	all, found := sayings(), make([]Finding, 0, len(warnings))
	for _, w := range warnings {
		s := all[w.Code]
		found = append(found, Finding{Code: w.Code, Pointer: w.Pointer, Title: s.zh, TitleEN: s.en})
	}
	return found
}
