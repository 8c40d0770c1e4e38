package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// Rules of proportion and remedy.
var (
	ErrNoMeasure        = rule.New("measure-unknown", "该指令不是止付或冻结措施", "the order is neither a stop nor a freeze", "").As(rule.NotFound)
	ErrNoObjection      = rule.New("objection-unknown", "没有此异议", "there is no such objection", "").As(rule.NotFound)
	ErrObjectionOpen    = rule.New("objection-open-already", "对该措施的异议正在办理，请补充材料而非重复提出", "an objection to this measure is being dealt with already", "反电信网络诈骗法 art. 32")
	ErrObjectionDecided = rule.New("hold-objection-decided-already", "该异议已作出决定", "the objection has been decided", "")
	ErrObjectionPaper   = rule.New("objection-document-missing", "异议须附至少一份材料的摘要值（64 位十六进制），一份即可，最多 20 份", "an objection comes with the hash (64 hexadecimal digits) of at least one paper; one is enough, 20 at most", "反电信网络诈骗法 art. 32").As(rule.Invalid)
	ErrObjectionHolder  = rule.New("objection-holder-missing", "缺少异议人", "who objects is missing", "").As(rule.Invalid)
	ErrObjectionTerm    = rule.New("objection-term", "异议办理期限须晚于提出时间", "the term of an objection ends after it is filed", "").As(rule.Invalid)
	ErrWithdrawalPaper  = rule.New("objection-withdrawal-paper", "撤回异议须附异议人签字材料的摘要值（64 位十六进制）", "an objection is withdrawn with the hash (64 hexadecimal digits) of a paper that its holder has signed", "反电信网络诈骗法 art. 32").As(rule.Invalid)
	ErrWrongUnit        = rule.New("wrong-stop-responsible", "责任单位须为本案对该账户下达、经办或审批指令的单位", "the responsible unit is one that ordered, carried or approved a measure of the case on the account", "反电信网络诈骗法 art. 45").As(rule.Invalid)
	ErrOutcome          = rule.New("objection-outcome-unknown", "异议结论应为成立、部分成立、不成立或撤回", "an objection is upheld, upheld partly, dismissed or withdrawn", "").As(rule.Invalid)
	ErrKeepAmount       = rule.New("objection-keep-amount", "部分成立须写明保留金额，且须低于现控制金额；其他结论不得写", "what is kept is named only when an objection is right in part, and is less than what is held", "").As(rule.Invalid)
	ErrReason           = rule.New("reason-missing", "缺少理由", "the reason is missing", "反电信网络诈骗法 art. 32").As(rule.Invalid)
	ErrDeciderInvolved  = rule.New("decider-involved", "经办人、协查人、审批人不得审查针对自己所办措施的异议", "who has signed or approved the measure does not decide on the objection", "反电信网络诈骗法 art. 32").As(rule.Forbidden)
	ErrNoticeIncomplete = rule.New("notice-incomplete", "告知须包括原因、救济途径、所需材料与告知方式", "a notice tells reason, remedy and papers, and how it was given", "反电信网络诈骗法 art. 32").As(rule.Invalid)
	ErrNothingToTell    = rule.New("notice-not-due", "该措施尚未执行（解除），无可告知事项", "nothing has happened yet that the holder could be told of", "").As(rule.Conflict)
	ErrToldAlready      = rule.New("notice-given-already", "已告知持有人", "the holder was told already", "")
	ErrDeferral         = rule.New("notice-deferral", "暂缓告知仅限有碍侦查，且自措施执行起不超过 7 日", "telling is put off only where it obstructs the investigation, and for 7 days at most", "反电信网络诈骗法 art. 32").As(rule.Invalid)
	ErrWrongAlready     = rule.New("wrong-stop-confirmed-already", "该措施已认定为误止", "the measure was found wrong already", "")
	ErrWrongCause       = rule.New("wrong-stop-cause", "误止认定须有原因、责任单位，损失金额不得为负", "a wrong stop has a cause and a responsible unit, and no damage below zero", "反电信网络诈骗法 art. 45").As(rule.Invalid)
	ErrNeverStopped     = rule.New("measure-not-carried-out", "该措施从未执行", "the measure was never carried out", "")
	ErrNotHeld          = rule.New("nothing-held", "该措施未生效或已结束", "the measure is not in force", "")
	ErrProportionate    = rule.New("nothing-to-narrow", "控制金额与可追溯金额相当，无需缩减", "what is held is in proportion to what was traced", "")
	ErrNothingTraced    = rule.New("nothing-attributable", "没有可归属于被害人的金额，应予解除而非缩减", "nothing was traced to victims; the measure is to be lifted, not narrowed", "")
)

func remedyRules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		ErrNoMeasure, ErrNoObjection, ErrObjectionOpen, ErrObjectionDecided, ErrObjectionPaper, ErrObjectionHolder, ErrObjectionTerm, ErrOutcome, ErrKeepAmount,
		ErrReason, ErrDeciderInvolved, ErrNoticeIncomplete, ErrNothingToTell, ErrToldAlready, ErrDeferral, ErrWrongAlready, ErrWrongCause,
		ErrNeverStopped, ErrNotHeld, ErrProportionate, ErrNothingTraced, ErrWithdrawalPaper, ErrWrongUnit,
	} {
		rules = append(rules, v.Rule)
	}
	return rules
}

// Remedy (救济) is what holders have said about the measures on their account,
// what they were told, and where the city went wrong.
type Remedy struct {
	Objections []Objection
	Notices    []Notice
	Wrong      []event.WrongStopConfirmed
	Unrelated  []event.UnrelatedProven
	Found      []event.DisproportionFound // the last of each order
	Freed      []identity.OrderID         // measures that ended before their time, not by a freeze
	Late       []identity.OrderID         // lifts whose owner was not told in time
}

// ProveUnrelated (查明无关): account or money have nothing to do with the case.
type ProveUnrelated struct {
	Case    identity.CaseID
	Reason  string
	Officer event.Officer
	At      time.Time
}

// ConfirmWrongStop (误止认定).
type ConfirmWrongStop struct {
	Order       identity.OrderID
	Objection   identity.ObjectionID
	Cause       string
	Damage      money.Fen
	Responsible identity.Unit
	Follow      []string
	Officer     event.Officer
	At          time.Time
}

func (ProveUnrelated) isAccountCommand()   {}
func (ConfirmWrongStop) isAccountCommand() {}

// decideRemedy is every rule about proportion and remedy.
func decideRemedy(a Account, cmd AccountCommand) ([]event.AccountEvent, error) {
	switch cmd := cmd.(type) { //nolint:gochecksumtype // the other commands are decided where these are sorted out
	case FileObjection:
		return fileObjection(a, cmd)
	case AcceptObjection:
		return acceptObjection(a, cmd)
	case DecideObjection:
		return decideObjection(a, cmd)
	case ObjectionDue:
		return objectionDue(a, cmd)
	case NotifyHolder:
		return notifyHolder(a, cmd)
	case DeferNotice:
		return deferNotice(a, cmd)
	case NoticeDue:
		return noticeDue(a, cmd)
	case ProveUnrelated:
		return proveUnrelated(a, cmd)
	case ConfirmWrongStop:
		return confirmWrongStop(a, cmd)
	case NarrowMeasure:
		return narrowMeasure(a, cmd)
	}
	return nil, nil
}

// measure finds a stop or a freeze.
func (a Account) measure(id identity.OrderID) (Order, error) {
	o, ok := a.Find(id)
	switch {
	case !ok:
		return Order{}, ErrNoOrder
	case o.Kind != KindStop && o.Kind != KindFreeze:
		return Order{}, ErrNoMeasure
	}
	return o, nil
}

// restraints are the measures of a case that are in force, and a freeze that
// waits behind another.
func (a Account) restraints(c identity.CaseID) []Order {
	var some []Order
	for _, o := range a.Orders {
		if o.Case == c && restrains(o) {
			some = append(some, o)
		}
	}
	return some
}

func restrains(o Order) bool {
	return o.Kind == KindStop && o.State == Executed || o.Kind == KindFreeze && (o.State == Executed || o.State == Queued)
}

// ending says how a measure is to end, or to what amount it is to shrink.
type ending struct {
	Cause     string
	Keep      money.Fen // 0: it ends
	Objection identity.ObjectionID
	Officer   event.Officer
	At        time.Time
}

// endAll ends what restrains the account for a case, or soon would, be it by telephone
// alone. An amount is kept of what is in force only.
func (a Account) endAll(c identity.CaseID, how ending) ([]event.AccountEvent, error) {
	var events []event.AccountEvent
	for _, o := range a.Orders {
		measure := o.Case == c && (o.Kind == KindStop || o.Kind == KindFreeze)
		stands := o.State.Open() || o.State == Queued || o.State == Executed || o.BankHolds(how.At)
		if !measure || !stands || (how.Keep > 0 && o.State != Executed) {
			continue
		}
		more, err := a.end(o, how)
		if err != nil {
			return nil, err
		}
		events = append(events, more...)
	}
	for _, p := range a.Papers {
		if p.Case != c || !p.alone() || how.Keep > 0 {
			continue
		}
		o, _ := a.ByHand(identity.OrderID(p.ID))
		more, err := a.end(o, how)
		if err != nil {
			return nil, err
		}
		events = append(events, more...)
	}
	return events, nil
}

// end is the order to the bank that ends a measure or makes it smaller. The two
// officers of the measure take it there. What is being lifted already needs no
// second order.
func (a Account) end(o Order, how ending) ([]event.AccountEvent, error) {
	if how.Keep > 0 && how.Keep >= a.held(o) {
		return nil, ErrKeepAmount.At("/keepFen")
	}
	if o.Kind == KindFreeze {
		release := RequestRelease{
			Freeze: o.ID, Cause: how.Cause, Objection: how.Objection, Approver: how.Officer, Operator: o.Officers[0], Investigator: o.Officers[1], At: how.At,
		}
		if how.Keep > 0 {
			release.Amount = a.Frozen.Remaining - how.Keep - a.releasing(o.ID)
			if release.Amount <= 0 {
				return nil, nil
			}
		}
		return requestRelease(a, release)
	}
	if _, narrowing := a.lifting(o.ID); how.Keep > 0 && narrowing {
		return nil, nil
	}
	return requestLift(a, RequestLift{
		Target: o.ID, Cause: how.Cause, Keep: how.Keep, Objection: how.Objection, Approver: how.Officer,
		Operator: o.Officers[0], Investigator: o.Officers[1], At: how.At,
	})
}

// firstOrder is the first of some orders to a bank, "" if there is none.
func firstOrder(events []event.AccountEvent) identity.OrderID {
	for _, e := range events {
		switch e := e.(type) { //nolint:gochecksumtype // the others ask no bank
		case event.LiftRequested:
			return e.Order
		case event.FreezeReleaseRequested:
			return e.Order
		}
	}
	return ""
}

// proveUnrelated lets go of all that the case has on the account, in the same
// breath (程序规定 art. 247; 刑事诉讼法 art. 145).
func proveUnrelated(a Account, cmd ProveUnrelated) ([]event.AccountEvent, error) {
	measured := slices.ContainsFunc(a.Orders, func(o Order) bool { return o.Case == cmd.Case && (o.Kind == KindStop || o.Kind == KindFreeze) }) ||
		slices.ContainsFunc(a.Papers, func(p Paper) bool { return p.Case == cmd.Case })
	standing := len(a.restraints(cmd.Case)) > 0 || len(a.onlyByHand(cmd.Case)) > 0
	switch {
	case !measured:
		return nil, ErrNoOrder
	case cmd.Reason == "":
		return nil, ErrReason.At("/reason")
	case slices.ContainsFunc(a.Remedy.Unrelated, func(u event.UnrelatedProven) bool { return u.Case == cmd.Case }) && !standing:
		return nil, nil
	}
	lifts, err := a.endAll(cmd.Case, ending{Cause: "unrelated", Officer: cmd.Officer, At: cmd.At})
	if err != nil {
		return nil, err
	}
	return append([]event.AccountEvent{event.UnrelatedProven{
		Case: cmd.Case, Reason: cmd.Reason, Due: cmd.At.Add(LiftTerm), Officer: cmd.Officer, At: cmd.At,
	}}, lifts...), nil
}

// ofAccount tells whether a cause of a wrong measure concerns the account and not
// one measure alone: then all that the case has on the account is wrong.
func ofAccount(cause string) bool {
	return cause == "wrong-account" || cause == "wrong-attribution" || cause == "false-report"
}

// answersFor tells whether a unit has ordered, carried or approved a measure of a
// case on the account.
func (a Account) answersFor(c identity.CaseID, unit identity.Unit) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return o.Case == c && (o.Unit == unit || o.Officers[0].Unit == unit || o.Officers[1].Unit == unit || o.Approver.Unit == unit)
	})
}

// confirmWrongStop records that a measure should not have been, once, and ends it
// if it still stands; with it all of the case, where the account itself is wrong.
func confirmWrongStop(a Account, cmd ConfirmWrongStop) ([]event.AccountEvent, error) {
	measure, err := a.measure(cmd.Order)
	if err != nil {
		return nil, err
	}
	_, objected := a.Remedy.Objection(cmd.Objection)
	switch {
	case slices.ContainsFunc(a.Remedy.Wrong, func(w event.WrongStopConfirmed) bool { return w.Order == cmd.Order }):
		return nil, ErrWrongAlready
	case measure.ExecutedAt.IsZero():
		return nil, ErrNeverStopped
	case cmd.Cause == "" || cmd.Responsible == "" || cmd.Damage < 0 || cmd.Damage > money.Max:
		return nil, ErrWrongCause
	case cmd.Objection != "" && !objected:
		return nil, ErrNoObjection.At("/objection")
	case !cmd.Officer.Unit.Oversees(measure.Unit):
		return nil, ErrNotSuperior
	case !a.answersFor(measure.Case, cmd.Responsible):
		return nil, ErrWrongUnit.At("/responsible")
	}
	events := []event.AccountEvent{event.WrongStopConfirmed{
		Order: measure.ID, Case: measure.Case, Objection: cmd.Objection, Cause: cmd.Cause, Damage: cmd.Damage, Responsible: cmd.Responsible,
		Follow: cmd.Follow, Officer: cmd.Officer, At: cmd.At,
	}}
	how := ending{Cause: "error", Objection: cmd.Objection, Officer: cmd.Officer, At: cmd.At}
	var lifts []event.AccountEvent
	switch {
	case ofAccount(cmd.Cause):
		lifts, err = a.endAll(measure.Case, how)
	case measure.State == Executed || measure.BankHolds(cmd.At):
		lifts, err = a.end(measure, how)
	}
	if err != nil {
		return nil, err
	}
	return append(events, lifts...), nil
}

// evolveRemedy folds what concerns remedies, before the event has changed
// anything else.
func (a Account) evolveRemedy(e event.AccountEvent) Remedy {
	r := a.Remedy
	switch e := e.(type) { //nolint:gochecksumtype // the others do not concern remedies
	case event.ObjectionFiled, event.ObjectionAccepted, event.ObjectionOverdue, event.ObjectionDecided:
		return r.evolveObjection(e)
	case event.HolderNotified:
		r.Notices = append(slices.Clip(r.Notices), Notice{Order: e.Order, About: e.About, Via: e.Via, At: e.At})
	case event.HolderNoticeDeferred:
		r.Notices = append(slices.Clip(r.Notices), Notice{Order: e.Order, About: e.About, Until: e.Until})
	case event.WrongStopConfirmed:
		r.Wrong = append(slices.Clip(r.Wrong), e)
	case event.UnrelatedProven:
		r.Unrelated = append(slices.Clip(r.Unrelated), e)
	case event.DisproportionFound:
		r.Found = slices.DeleteFunc(slices.Clone(r.Found), func(f event.DisproportionFound) bool { return f.Order == e.Order })
		r.Found = append(r.Found, e)
	case event.StopLifted:
		if e.Cause != "converted" {
			r.Freed = a.freed(e.Order)
		}
	case event.FreezeLifted:
		r.Freed = a.freed(e.Order)
	case event.LiftOverdue:
		if e.Awaits == AwaitsNotice {
			r.Late = append(slices.Clip(r.Late), e.Order)
		}
	}
	return r
}

// freed adds a measure that was in force, or under which the bank held on, to those
// that ended by order; a telephone or paper order is one as long as it is held.
func (a Account) freed(order identity.OrderID) []identity.OrderID {
	if o, _ := a.Find(order); !a.heldByHand(order) && o.State != Executed && (o.ExecutedAt.IsZero() || o.BankUntil.IsZero()) {
		return a.Remedy.Freed
	}
	return append(slices.Clip(a.Remedy.Freed), order)
}
