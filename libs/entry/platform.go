package entry

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// Rules on how a bank writes its answers.
var (
	ErrBankAmount = rule.New("bank-amount-malformed", "金额应为元，最多两位小数", "an amount is decimal text in yuan with at most two decimals", "").As(rule.Invalid)
	ErrBankTime   = rule.New("bank-time-malformed", "时间格式应为 yyyyMMddHHmmss", "a time is yyyyMMddHHmmss", "").As(rule.Invalid)
)

// PlatformAmount reads an amount as the platform writes it, in yuan.
func PlatformAmount(text, pointer string) (money.Fen, error) {
	f, err := money.Parse(text)
	if err != nil {
		return 0, ErrBankAmount.At("%s", pointer)
	}
	return f, nil
}

// PlatformTime reads a time as the platform writes it, in China, as UTC.
func PlatformTime(text, pointer string) (time.Time, error) {
	t, err := identity.ParsePlatformTime(text)
	if err != nil {
		return time.Time{}, ErrBankTime.At("%s", pointer)
	}
	return t, nil
}
