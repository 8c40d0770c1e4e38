package domain

import (
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// Numbers of the law and of the house.
const (
	// MaxTransfers bounds a report; a victim of more files a second list.
	MaxTransfers = 200
	// RefusalNoticeDays is how long the notice of a refusal may take
	// (程序规定 art. 178).
	RefusalNoticeDays = 3
	// TaxonomyVersion is the list of fraud types in force (公安部 2024-06-25).
	TaxonomyVersion = "mps-2024-06"
	// WarnPossiblyTwice is told of a transfer like one declared before.
	WarnPossiblyTwice = "transfer-possibly-twice"
)

// Rules that a report or a filing can break.
var (
	ErrTwoOfficers    = rule.New("two-officers-required", "须由两名民警（经办人、协查人）共同办理，且不得为同一人", "two different officers with police IDs are required, operator and investigator", "银发〔2016〕86号; 41号 art. 10").As(rule.Invalid)
	ErrNoTransfer     = rule.New("transfer-missing", "报案须至少申报一笔转账", "a report declares at least one transfer", "银发〔2016〕86号").As(rule.Invalid)
	ErrTooMany        = rule.New("transfers-too-many", "单次申报转账不得超过 200 笔", "a report declares at most 200 transfers", "").As(rule.Invalid)
	ErrTwice          = rule.New("transfer-declared-twice", "该笔转账已申报", "this transfer has been declared already", "")
	ErrTotal          = rule.New("amount-total-overflow", "转账合计金额超出范围", "the transfers add up to more than can be", "").As(rule.Invalid)
	ErrUnknownType    = rule.New("fraud-type-unknown", "未知的诈骗类型代码", "unknown code of a fraud type", "公安部 2024-06-25").As(rule.Invalid)
	ErrUrgency        = rule.New("urgency-unknown", "紧急程度应为 normal 或 urgent", "urgency is normal or urgent", "").As(rule.Invalid)
	ErrReported       = rule.New("case-reported-already", "该案件已登记", "this case has been reported already", "程序规定 art. 175")
	ErrNoCase         = rule.New("case-unknown", "没有此案件", "there is no such case", "").As(rule.NotFound)
	ErrFiled          = rule.New("case-filed-already", "该案件已立案", "the case has been filed already", "")
	ErrNotProposed    = rule.New("filing-not-proposed", "尚未呈请立案", "filing has not been proposed", "程序规定 art. 178")
	ErrApproverLevel  = rule.New("approver-level-county", "须经县级以上公安机关负责人批准", "a chief of county level or above must approve", "程序规定 art. 178").As(rule.Forbidden)
	ErrSelfApproval   = rule.New("approver-is-proposer", "审批人不得为呈请人", "the approver may not be the one who proposed", "").As(rule.Forbidden)
	ErrDecisionNumber = rule.New("decision-no-missing", "缺少立案决定书文号", "the number of the filing decision is missing", "程序规定 art. 178").As(rule.Invalid)
)

// Rules lists them for the page at /rules.
func Rules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		ErrTwoOfficers, ErrNoTransfer, ErrTooMany, ErrTwice, ErrTotal, ErrUnknownType, ErrUrgency, ErrReported, ErrNoCase,
		ErrFiled, ErrNotProposed, ErrApproverLevel, ErrSelfApproval, ErrDecisionNumber,
	} {
		rules = append(rules, v.Rule)
	}
	return rules
}

// FraudTypes (诈骗类型) are the codes of the ministry's list with what it leaves
// out, code to Chinese name.
func FraudTypes() map[string]string {
	return map[string]string{
		"01": "刷单返利", "02": "虚假网络投资理财", "03": "虚假购物服务", "04": "冒充电商物流客服", "05": "虚假贷款",
		"06": "虚假征信", "07": "冒充领导熟人", "08": "冒充公检法及政府机关", "09": "网络婚恋交友", "10": "网络游戏产品虚假交易",
		"90": "裸聊敲诈", "91": "网络招嫖", "92": "机票退改", "93": "虚拟币", "94": "AI换脸", "95": "线下取现或邮寄黄金", "99": "其他",
	}
}

// Decide is every rule about a case.
func Decide(c Case, cmd Command) ([]event.CaseEvent, error) {
	if report, ok := cmd.(Report); ok {
		return reported(c, report)
	}
	if !c.Reported {
		return nil, ErrNoCase
	}
	switch cmd := cmd.(type) {
	case Report: // decided above
	case DeclareTransfer:
		return declare(c, cmd)
	case Classify:
		return classify(c, cmd)
	case ProposeFiling:
		if c.Filed() {
			return nil, ErrFiled
		}
		if c.Proposed {
			return nil, nil
		}
		return []event.CaseEvent{event.CaseFilingProposed{By: cmd.By, At: cmd.At}}, nil
	case FileCase:
		return file(c, cmd)
	case DeclineFiling:
		return decline(c, cmd)
	}
	return nil, nil
}

func reported(c Case, cmd Report) ([]event.CaseEvent, error) {
	r := cmd.Received
	switch {
	case c.Reported:
		return nil, ErrReported
	case r.Operator.Zero() || r.Investigator.Zero() || r.Operator.PoliceNo == r.Investigator.PoliceNo:
		return nil, ErrTwoOfficers.At("/investigator")
	case r.Urgency != "normal" && r.Urgency != "urgent":
		return nil, ErrUrgency.At("/urgency")
	case len(cmd.Transfers) == 0:
		return nil, ErrNoTransfer.At("/transfers")
	case len(cmd.Transfers) > MaxTransfers:
		return nil, ErrTooMany.At("/transfers")
	}
	events := []event.CaseEvent{r, event.VictimIdentified{Victim: cmd.Victim, Warnings: cmd.VictimWarnings}}
	state := Case{Reported: true, Victim: cmd.Victim.ID}
	for n, t := range cmd.Transfers {
		declared, err := declare(state, DeclareTransfer{t})
		if err != nil {
			return nil, pointAt(err, n)
		}
		for _, e := range declared {
			state = Evolve(state, e)
		}
		events = append(events, declared...)
	}
	events = append(events, event.IntakeReceiptIssued{ReceiptNo: cmd.ReceiptNo, At: cmd.At})
	if cmd.FraudType == "" {
		return events, nil
	}
	classified, err := classify(state, Classify{Code: cmd.FraudType, By: r.Operator})
	if err != nil {
		return nil, ErrUnknownType.At("/fraudType")
	}
	return append(events, classified...), nil
}

func pointAt(err error, n int) error {
	if v, ok := err.(*rule.Violation); ok { //nolint:errorlint // our own rules, unwrapped
		return v.At("/transfers/%d", n)
	}
	return err
}

func declare(c Case, cmd DeclareTransfer) ([]event.CaseEvent, error) {
	t := cmd.Declared.Transfer
	if slices.Contains(c.Transfers, t.ID) {
		return nil, ErrTwice
	}
	if len(c.Transfers) >= MaxTransfers {
		return nil, ErrTooMany
	}
	if sum, err := c.Declared.Add(t.Amount); err != nil || sum > money.Max {
		return nil, ErrTotal
	}
	warnings := cmd.Declared.Warnings
	if same := slices.Contains(c.Movements, movement(t)); same && t.Serial != "" {
		return nil, ErrTwice
	} else if same {
		// Without a serial number nobody can tell a slip from a second payment
		// in the same second: it is kept, and the officer is told.
		warnings = append(slices.Clip(warnings), event.Warning{Code: WarnPossiblyTwice})
	}
	return []event.CaseEvent{event.LossTransferDeclared{
		Transfer: t, Victim: c.Victim, Currency: event.CNY, Channel: cmd.Declared.Channel, Warnings: warnings,
	}}, nil
}

func classify(c Case, cmd Classify) ([]event.CaseEvent, error) {
	if _, known := FraudTypes()[cmd.Code]; !known {
		return nil, ErrUnknownType.At("/code")
	}
	if c.Type == cmd.Code {
		return nil, nil
	}
	return []event.CaseEvent{event.FraudTypeClassified{Code: cmd.Code, TaxonomyVersion: TaxonomyVersion, By: cmd.By}}, nil
}

// approves checks the one who decides about filing.
func approves(c Case, approver event.Officer) error {
	switch {
	case c.Filed():
		return ErrFiled
	case !approver.Level.AtLeast(identity.County):
		return ErrApproverLevel
	case !c.Proposed:
		return ErrNotProposed
	case approver.PoliceNo == c.Proposer.PoliceNo:
		return ErrSelfApproval
	}
	return nil
}

func file(c Case, cmd FileCase) ([]event.CaseEvent, error) {
	if err := approves(c, cmd.Approver); err != nil {
		return nil, err
	}
	if cmd.DecisionNo == "" {
		return nil, ErrDecisionNumber.At("/decisionNo")
	}
	return []event.CaseEvent{event.CaseFiled{CaseNo: cmd.CaseNo, DecisionNo: cmd.DecisionNo, Approver: cmd.Approver, At: cmd.At}}, nil
}

func decline(c Case, cmd DeclineFiling) ([]event.CaseEvent, error) {
	if err := approves(c, cmd.Approver); err != nil {
		return nil, err
	}
	return []event.CaseEvent{event.CaseFilingDeclined{
		Approver: cmd.Approver, Reason: cmd.Reason, At: cmd.At, NoticeDue: identity.AddDays(cmd.At, RefusalNoticeDays),
	}}, nil
}
