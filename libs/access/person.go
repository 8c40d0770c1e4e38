// Package access knows who is calling: police officers, bank desks, auditors and
// operators, by signed token, and what role they have.
package access

import (
	"errors"
	"slices"

	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// Level (级别) is the level of a person's organ. Approvals ask for one.
type Level = identity.Level

// The levels, lowest first.
const (
	Station  = identity.Station  // 派出所
	County   = identity.County   // 县级公安机关
	City     = identity.City     // 设区的市级公安机关
	Province = identity.Province // 省级公安机关
)

// Role (角色) is what a person does in the city's work.
type Role string

// The roles.
const (
	DutyOfficer  Role = "duty-officer" // 值班民警
	ShiftLeader  Role = "shift-leader" // 值班长
	Chief        Role = "chief"        // 公安机关负责人
	Investigator Role = "investigator" // 侦查员
	BankDesk     Role = "bank-desk"    // 银行专席
	Auditor      Role = "auditor"      // 安全审计员
	Operator     Role = "operator"     // 系统管理员
	System       Role = "system"       // a service acting by a rule
)

// Person is who is calling.
type Person struct {
	User  string            `json:"user"`            // police number or desk id; never a name
	Unit  string            `json:"unit,omitempty"`  // 12-digit code of the police unit
	Level Level             `json:"level,omitempty"` // of the police unit
	Role  Role              `json:"role"`
	Bank  identity.BankCode `json:"bank,omitempty"` // of a bank desk
}

// Officer is the person as one who acts or signs.
func (p Person) Officer() identity.Officer {
	return identity.Officer{PoliceNo: p.User, Unit: identity.Unit(p.Unit), Level: p.Level}
}

// Actor is the person as events name them. A bank desk stands under its bank's
// code.
func (p Person) Actor() es.Actor {
	unit := p.Unit
	if p.Role == BankDesk {
		unit = string(p.Bank)
	}
	return es.Actor{User: p.User, Unit: unit, Role: string(p.Role)}
}

// ErrPerson refuses a person whose particulars are incomplete or contradictory.
var ErrPerson = errors.New("not a person who can call")

// check demands what each role needs: of the police a unit and its level, of a
// bank desk its bank, and neither pretends to be the other.
func (p Person) check() error {
	if _, err := identity.ParsePoliceNo(p.User); err != nil {
		return ErrPerson
	}
	switch p.Role {
	case DutyOfficer, ShiftLeader, Chief, Investigator:
		if _, err := identity.ParseUnit(p.Unit); err != nil || !slices.Contains(identity.Levels(), p.Level) || p.Bank != "" {
			return ErrPerson
		}
		return nil
	case BankDesk:
		if _, err := identity.ParseBankCode(string(p.Bank)); err != nil || p.Unit != "" || p.Level != "" {
			return ErrPerson
		}
		return nil
	case Auditor, Operator, System:
		if (p.Level != "" && !slices.Contains(identity.Levels(), p.Level)) || p.Bank != "" {
			return ErrPerson
		}
		if p.Unit != "" {
			if _, err := identity.ParseUnit(p.Unit); err != nil {
				return ErrPerson
			}
		}
		return nil
	}
	return ErrPerson
}
