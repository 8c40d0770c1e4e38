package entry

import (
	"errors"
	"strings"
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

// mostPlatform bounds what a bank can say, in fen: a balance may be more than
// any transfer, and yet sums of many stay far from overflowing.
const mostPlatform = 100 * money.Max

// PlatformAmount reads an amount as the platform writes it, in yuan.
func PlatformAmount(text, pointer string) (money.Fen, error) {
	f, err := money.Parse(text)
	switch {
	case f > mostPlatform, errors.Is(err, money.ErrOverflow) && !strings.HasPrefix(text, "-"):
		return 0, ErrAmountAbsurd.At("%s", pointer)
	case err != nil:
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
