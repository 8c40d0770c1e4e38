package domain

import (
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
)

// ReceiptNo (受案回执编号) is made of the unit, the day in China and the case, so
// that the same report always has the same receipt.
func ReceiptNo(unit identity.Unit, id identity.CaseID, at time.Time) string {
	day := at.In(identity.Shanghai()).Format("20060102")
	short, _, _ := strings.Cut(string(id), "-")
	return "S" + unit.Division() + day + strings.ToUpper(short)
}
