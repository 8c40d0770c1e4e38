package identity

// IDKind (证件类型) is the platform's two-digit code for a kind of identity
// document.
type IDKind string

// The kinds of identity document that the platform knows.
const (
	IDCard                IDKind = "01" // 居民身份证
	DrivingLicence        IDKind = "02" // 驾驶证
	Passport              IDKind = "03" // 护照
	OfficerCard           IDKind = "04" // 军官证
	SoldierCard           IDKind = "05" // 士兵证
	HouseholdBook         IDKind = "06" // 户口本
	HongKongMacauPermit   IDKind = "07" // 港澳通行证
	PoliceCard            IDKind = "08" // 警官证
	SocialSecurityNumber  IDKind = "09" // 社保号
	TaiwanPermit          IDKind = "10" // 台湾通行证
	TemporaryIDCard       IDKind = "11" // 临时身份证
	ForeignerResidence    IDKind = "12" // 外国人居住证
	OrganisationCode      IDKind = "13" // 组织机构代码
	SocialCreditCode      IDKind = "14" // 统一社会信用代码
	BusinessLicence       IDKind = "15" // 营业执照
	OldRegistrationNumber IDKind = "16" // 原工商注册号
	OtherID               IDKind = "99" // 其他
)

// ParseIDKind reads a two-digit code of the platform.
func ParseIDKind(s string) (IDKind, error) {
	k := IDKind(s)
	if k == OtherID || (len(s) == 2 && digits(s) && k >= IDCard && k <= OldRegistrationNumber) {
		return k, nil
	}
	return "", ErrIDKindUnknown
}

// ParseID checks and normalises a number as its kind of document asks: resident
// and temporary ID cards, and social credit codes. Others are kept as written, in
// [Plain] characters.
func ParseID(kind IDKind, number string) (string, error) {
	switch kind {
	case IDCard, TemporaryIDCard:
		return ParseIDCard(number)
	case SocialCreditCode:
		return ParseUSCC(number)
	case DrivingLicence, Passport, OfficerCard, SoldierCard, HouseholdBook, HongKongMacauPermit, PoliceCard,
		SocialSecurityNumber, TaiwanPermit, ForeignerResidence, OrganisationCode, BusinessLicence, OldRegistrationNumber, OtherID:
		// No check that all of their issuers keep.
	}
	return Plain(number), nil
}
