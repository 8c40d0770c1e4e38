package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// Purposes (查看用途) for which names and account numbers are shown in full.
const (
	ForFile   = "file"   // 卷宗
	ForCourt  = "court"  // 移送法院、检察院
	ForBank   = "bank"   // 与银行核对
	ForReview = "review" // 复核
)

// Rules of showing names and account numbers in full.
var (
	ErrPurpose   = rule.New("purpose-missing", "查看完整账号、户名须载明用途：file 卷宗、court 移送、bank 银行核对、review 复核", "names and account numbers are shown in full for a purpose: file, court, bank or review", "个人信息保护法 art. 6").As(rule.Invalid)
	ErrOtherUnit = rule.New("case-of-another-unit", "案件不属于本单位或下级单位，不得查看完整账号、户名", "the case belongs neither to your unit nor to one below it: names and account numbers stay masked", "个人信息保护法 art. 6").As(rule.Forbidden)
)

// NotePlaintext (明文查看登记) says who is about to be shown the names and account
// numbers of the case in full. What is refused here is not shown.
type NotePlaintext struct {
	By      event.Officer
	Role    string
	Purpose string
	What    string
	At      time.Time
}

func (NotePlaintext) isPursuitCommand() {}

// notePlaintext keeps every showing (I65).
func notePlaintext(p Pursuit, cmd NotePlaintext) ([]event.PursuitEvent, error) {
	switch cmd.Purpose {
	case ForFile, ForCourt, ForBank, ForReview:
	default:
		return nil, ErrPurpose.At("/purpose")
	}
	if !p.MayShow(cmd.By.Unit) {
		return nil, ErrOtherUnit
	}
	return []event.PursuitEvent{event.PlaintextViewed{
		Case: p.Case, User: cmd.By.PoliceNo, Unit: cmd.By.Unit, Role: cmd.Role, Purpose: cmd.Purpose, What: cmd.What, At: cmd.At,
		CaseNo: p.CaseNo,
	}}, nil
}

// MayShow tells whether officers of a unit may see the names of the case in full:
// those of its own unit and of those superior to it.
func (p Pursuit) MayShow(unit identity.Unit) bool { return p.Unit != "" && unit.Oversees(p.Unit) }
