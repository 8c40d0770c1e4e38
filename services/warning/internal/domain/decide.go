package domain

import (
	"regexp"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// Numbers of the house.
const (
	// MaxTransfers bounds the transfers of one payment, as it does those of one
	// report: what is discovered here is reported there.
	MaxTransfers = 200
)

// Words that the rules know.
const (
	Door    = "door"    // 上门
	Reached = "reached" // 接通

	Dissuaded = "dissuaded" // 已劝阻
	Mismatch  = "mismatch"  // 不符
	Duplicate = "duplicate" // 重复预警
	NotFound  = "not-found" // 找不到
	Paid      = "paid"      // 已被骗
)

// Why an alert has the level it has.
const (
	bySupplier   = "supplier-grade" // the city's table knows the supplier's grade
	gradeUnknown = "grade-unknown"  // it does not
)

// Rules that an alert can break.
var (
	ErrNoAlert       = rule.New("alert-unknown", "没有此预警", "there is no such alert", "").As(rule.NotFound)
	ErrName          = rule.New("alert-name-invalid", "预警来源与编号应为1至64位字母、数字或 - _ . / : #", "supplier and number of an alert are 1 to 64 letters, digits or - _ . / : #", "").As(rule.Invalid)
	ErrFraudType     = rule.New("alert-fraud-type-malformed", "诈骗类型代码最长8位，由字母、数字或 - _ . 组成", "the code of a fraud type is at most 8 letters, digits or - _ .", "").As(rule.Invalid)
	ErrDifferently   = rule.New("alert-imported-differently", "该预警已接收且内容不同", "this order was imported before with another content", "")
	ErrClosed        = rule.New("alert-closed", "该预警已办结", "the alert is closed", "")
	ErrNotDispatched = rule.New("alert-not-dispatched", "该预警尚未下发", "the alert has not been dispatched", "")
	ErrSigned        = rule.New("alert-signed-already", "该预警已签收", "the alert has been signed already", "")
	ErrOtherUnit     = rule.New("alert-of-other-unit", "该预警下发至其他单位", "the alert was dispatched to another unit", "").As(rule.Forbidden)
	ErrDoor          = rule.New("door-visit-two-officers", "上门须由两名以上民警共同进行", "a door visit takes two different officers", "预警劝阻工作规范").As(rule.Invalid)
	ErrPartner       = rule.New("partner-is-operator", "协同民警不得为经办人本人", "the partner is another officer than the operator", "").As(rule.Invalid)
	ErrNotReached    = rule.New("subject-not-reached", "尚未联系上预警对象", "nobody has been reached yet", "")
	ErrTwoOfficers   = rule.New("two-officers-required", "须由两名民警（经办人、协查人）共同办理，且不得为同一人", "two different officers with police IDs are required, operator and investigator", "银发〔2016〕86号; 41号 art. 10").As(rule.Invalid)
	ErrNoTransfer    = rule.New("transfer-missing", "报案须至少申报一笔转账", "a report declares at least one transfer", "银发〔2016〕86号").As(rule.Invalid)
	ErrTooMany       = rule.New("transfers-too-many", "单次申报转账不得超过 200 笔", "a report declares at most 200 transfers", "").As(rule.Invalid)
	ErrTotal         = rule.New("amount-total-overflow", "转账合计金额超出范围", "the transfers add up to more than can be", "").As(rule.Invalid)
	ErrPaidAlready   = rule.New("payment-discovered-already", "该预警已登记转账并已开案", "the payment has been discovered already and its case opened", "")
	ErrOutcome       = rule.New("outcome-unknown", "未知的办结结果", "unknown outcome of an alert", "").As(rule.Invalid)
	ErrNotPaid       = rule.New("outcome-paid-without-payment", "未登记转账，不得以已被骗办结", "the outcome is paid only after a payment has been discovered", "")
	ErrPaid          = rule.New("outcome-must-be-paid", "已登记转账，只能以已被骗办结", "after a payment has been discovered the outcome can only be paid", "")
	ErrNoContact     = rule.New("alert-not-contacted", "未联系预警对象，不得办结", "an alert is not closed before anyone has tried to reach its subject", "")
	ErrNotDissuaded  = rule.New("dissuasion-missing", "未登记劝阻，不得以已劝阻办结", "the outcome is dissuaded only after a dissuasion has been delivered", "")
)

// Rules lists them for the page at /rules.
func Rules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		ErrNoAlert, ErrName, ErrFraudType, ErrDifferently, ErrClosed, ErrNotDispatched, ErrSigned, ErrOtherUnit, ErrDoor, ErrPartner, ErrNotReached,
		ErrTwoOfficers, ErrNoTransfer, ErrTooMany, ErrTotal, ErrPaidAlready, ErrOutcome, ErrNotPaid, ErrPaid, ErrNoContact, ErrNotDissuaded,
	} {
		rules = append(rules, v.Rule)
	}
	return rules
}

// Decide is every rule about an alert.
func Decide(table Table, a Alert, cmd Command) ([]event.AlertEvent, error) {
	if order, ok := cmd.(Import); ok {
		return imported(table, a, order)
	}
	switch _, wakeUp := cmd.(Breach); {
	case !a.Imported():
		return nil, ErrNoAlert
	case a.Closed() && !wakeUp: // a clock of a closed alert has nothing left to tell
		return nil, ErrClosed
	}
	switch cmd := cmd.(type) {
	case Import: // decided above
	case Dispatch:
		return dispatch(table, a, cmd)
	case Sign:
		return sign(a, cmd)
	case Contact:
		return contact(cmd)
	case Dissuade:
		return dissuade(a, cmd)
	case DiscoverPayment:
		return discover(a, cmd)
	case Breach:
		return breach(a, cmd), nil
	case Close:
		return closing(a, cmd)
	}
	return nil, nil
}

// imported takes an order in and grades it at once. Suppliers send their orders
// again; the same order is the same alert.
func imported(table Table, a Alert, cmd Import) ([]event.AlertEvent, error) {
	switch {
	case !name(cmd.Supplier):
		return nil, ErrName.At("/supplier")
	case !name(cmd.ExternalID):
		return nil, ErrName.At("/externalId")
	case !fraudTypeForm.MatchString(cmd.FraudType):
		return nil, ErrFraudType.At("/fraudType")
	case a.Imported() && a.PayloadHash != cmd.PayloadHash:
		return nil, ErrDifferently
	case a.Imported():
		return nil, nil
	}
	grade := cmd.Grade
	graded := event.WarningGraded{Level: table.Grades[cmd.Grade], RuleVersion: table.Version, Reasons: []string{bySupplier}}
	if graded.Level == "" {
		// A grade that the table lacks can be any text, a name as well; it
		// would rest in clear. What was sent is proved by its hash.
		grade, graded.Level, graded.Reasons = "", event.High, []string{gradeUnknown}
	}
	return []event.AlertEvent{event.WarningOrderImported{
		ExternalID: cmd.ExternalID, Supplier: cmd.Supplier, Grade: grade, Subject: cmd.Subject, FraudType: cmd.FraudType,
		SignalAt: cmd.SignalAt, PayloadHash: cmd.PayloadHash, Warnings: cmd.Warnings,
	}, graded}, nil
}

// name tells whether a text can name something. It rests in clear, so that no
// free text is taken; and two parts of one id must not run into each other.
func name(s string) bool {
	_, err := identity.ParseSerial(s)
	return err == nil
}

// fraudTypeForm is what codes of fraud types look like, the city's own and a
// supplier's.
var fraudTypeForm = regexp.MustCompile(`^[0-9A-Za-z_.-]{0,8}$`)

// dispatch starts the clocks. Sending the alert to another station does not
// start them anew: the danger to the subject does not wait for the paperwork.
func dispatch(table Table, a Alert, cmd Dispatch) ([]event.AlertEvent, error) {
	switch {
	case a.To == cmd.To:
		return nil, nil
	case !a.SignedBy.Zero():
		return nil, ErrSigned
	case a.Dispatched():
		return []event.AlertEvent{event.WarningDispatched{To: cmd.To, SignDue: a.SignDue, ContactDue: a.ContactDue}}, nil
	}
	limits := table.Limits[a.Level]
	return []event.AlertEvent{event.WarningDispatched{
		To: cmd.To, SignDue: cmd.At.Add(limits.Sign), ContactDue: cmd.At.Add(limits.Contact),
	}}, nil
}

func sign(a Alert, cmd Sign) ([]event.AlertEvent, error) {
	switch {
	case !a.Dispatched():
		return nil, ErrNotDispatched
	case cmd.By.Unit != a.To:
		return nil, ErrOtherUnit
	case !a.SignedBy.Zero():
		return nil, ErrSigned
	}
	return []event.AlertEvent{event.WarningSigned{By: cmd.By, At: cmd.At}}, nil
}

func contact(cmd Contact) ([]event.AlertEvent, error) {
	if cmd.Channel == Door && (cmd.Partner.Zero() || cmd.Partner.PoliceNo == cmd.By.PoliceNo) {
		return nil, ErrDoor.At("/partner")
	}
	by, err := team(cmd.By, cmd.Partner)
	if err != nil {
		return nil, err
	}
	return []event.AlertEvent{event.ContactAttempted{
		Channel: cmd.Channel, Target: cmd.Target, Result: cmd.Result, By: by, At: cmd.At,
	}}, nil
}

// team lists who was there.
func team(by, partner event.Officer) ([]event.Officer, error) {
	switch {
	case partner.Zero():
		return []event.Officer{by}, nil
	case partner.PoliceNo == by.PoliceNo:
		return nil, ErrPartner.At("/partner")
	}
	return []event.Officer{by, partner}, nil
}

func dissuade(a Alert, cmd Dissuade) ([]event.AlertEvent, error) {
	if !a.Reached {
		return nil, ErrNotReached
	}
	by, err := team(cmd.By, cmd.Partner)
	if err != nil {
		return nil, err
	}
	return []event.AlertEvent{event.DissuasionDelivered{State: cmd.State, NoticeSigned: cmd.NoticeSigned, By: by, At: cmd.At}}, nil
}

// discover asks all that a report asks, since nobody looks again before the
// case opens and its stop orders go out.
func discover(a Alert, cmd DiscoverPayment) ([]event.AlertEvent, error) {
	switch {
	case a.Case != "":
		return nil, ErrPaidAlready
	case cmd.Operator.Zero() || cmd.Investigator.Zero() || cmd.Operator.PoliceNo == cmd.Investigator.PoliceNo:
		return nil, ErrTwoOfficers.At("/investigator")
	case len(cmd.Transfers) == 0:
		return nil, ErrNoTransfer.At("/transfers")
	case len(cmd.Transfers) > MaxTransfers:
		return nil, ErrTooMany.At("/transfers")
	}
	var total money.Fen
	for n, t := range cmd.Transfers {
		var err error
		if total, err = total.Add(t.Amount); err != nil || total > money.Max {
			return nil, ErrTotal.At("/transfers/%d", n)
		}
	}
	return []event.AlertEvent{event.PaymentDiscovered{
		Alert: a.ID, Case: CaseOf(a.ID), Victim: a.Subject, Transfers: cmd.Transfers, Brief: cmd.Brief, FraudType: a.FraudType,
		Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At, Warnings: cmd.Warnings,
	}}, nil
}

// breach tells of a clock that has run out, once.
func breach(a Alert, cmd Breach) []event.AlertEvent {
	for _, due := range Due(a) {
		if due.Name == cmd.Clock && !cmd.At.Before(due.At) {
			return []event.AlertEvent{event.WarningBreached{Clock: due.Name, DueAt: due.At}}
		}
	}
	return nil
}

// closing ends the alert. What the figures of dissuasion rest on is asked for
// here: nobody is called dissuaded who has paid, or to whom nobody has spoken.
func closing(a Alert, cmd Close) ([]event.AlertEvent, error) {
	known, needsContact := true, true
	switch cmd.Outcome {
	case Mismatch, Duplicate:
		needsContact = false
	case Dissuaded, NotFound, Paid:
	default:
		known = false
	}
	switch {
	case !known:
		return nil, ErrOutcome.At("/outcome")
	case cmd.Outcome == Paid && a.Case == "":
		return nil, ErrNotPaid
	case cmd.Outcome != Paid && a.Case != "":
		return nil, ErrPaid
	case needsContact && a.Contacts == 0:
		return nil, ErrNoContact
	case cmd.Outcome == Dissuaded && !a.Dissuaded:
		return nil, ErrNotDissuaded
	}
	return []event.AlertEvent{event.WarningClosed{Outcome: cmd.Outcome, By: cmd.By, At: cmd.At}}, nil
}
