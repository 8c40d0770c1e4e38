package domain

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// account is what the figures need to know of one suspect account.
type account struct {
	bank        identity.BankCode
	level       int // as the chase found it
	stopped     bool
	stop        identity.OrderID // the first executed stop that its bank has not taken back
	stopLevel   int
	balance     money.Fen // at the first executed stop
	attribution event.FundsAttributed
	known       bool // whether there is an attribution
	freezes     map[identity.OrderID]freeze
	refunded    money.Fen // as the refunds say
}

// freeze is one executed freeze of this case.
type freeze struct {
	frozen, returned money.Fen
	released         money.Fen // partly released, or taken by a court
	ended            bool      // lapsed or lifted
}

// restrained tells whether a stop or freeze of this case was executed.
func (a account) restrained() bool { return a.stopped || len(a.freezes) > 0 }

// book is the state of the fold.
type book struct {
	figures  Figures
	accounts map[string]account   // by stream
	paid     map[string]money.Fen // by stream of the refund
}

// Fold sums up the events of a case, given in log order. Events of other cases
// on the same accounts may be among them: they count where they say whose money
// stands on an account, and nowhere else.
func Fold(id identity.CaseID, said iter.Seq[Said]) Figures {
	b := book{
		figures:  Figures{Case: id, Contradictions: []Contradiction{}},
		accounts: map[string]account{}, paid: map[string]money.Fen{},
	}
	for s := range said {
		switch e := s.Event.(type) {
		case event.CaseEvent:
			b.ofCase(s.Stream, e)
		case event.PursuitEvent:
			b.ofPursuit(s.Stream, e)
		case event.AccountEvent:
			a := b.accounts[s.Stream]
			b.ofAccount(s.Stream, &a, e)
			b.accounts[s.Stream] = a
		case event.RefundEvent:
			b.ofRefund(s.Stream, e)
		}
	}
	return b.close()
}

func (b *book) ofCase(stream string, e event.CaseEvent) {
	declared, ok := e.(event.LossTransferDeclared)
	switch {
	case !ok || stream != "case-"+string(b.figures.Case):
	case declared.Currency != event.CNY:
		b.contradict(ForeignCurrency, stream, 0, declared.Transfer.Amount)
	default:
		b.add(stream, &b.figures.Reported, declared.Transfer.Amount)
	}
}

func (b *book) ofPursuit(stream string, e event.PursuitEvent) {
	found, ok := e.(event.DownstreamAccountFound)
	if !ok || stream != "pursuit-"+string(b.figures.Case) {
		return
	}
	name := "account-" + string(found.Account.ID)
	a := b.accounts[name]
	a.bank, a.level = found.Account.Bank, found.Level
	b.accounts[name] = a
}

func (b *book) ofAccount(stream string, a *account, e event.AccountEvent) {
	id := b.figures.Case
	switch e := e.(type) { //nolint:gochecksumtype // the others have no amount that counts here
	case event.StopRequested:
		a.bank = e.Account.Bank
		if e.Case == id && a.level == 0 {
			a.level = e.Level
		}
	case event.StopExecuted:
		if e.Case == id && !a.stopped {
			a.stopped, a.stop, a.stopLevel, a.balance = true, e.Order, e.Level, stoppedBy(e.Held, e.BalanceBefore)
		}
	case event.BankDiscrepancyFound, event.StopAnswerCorrected:
		a.takenBack(e)
	case event.FundsAttributed:
		if !a.known || e.Revision >= a.attribution.Revision {
			a.known, a.attribution = true, e
		}
	case event.FreezeExecuted:
		a.bank = e.Account.Bank
		if e.Case == id {
			a.setFreeze(e.Order, freeze{frozen: e.Frozen})
		}
	case event.FreezeLapsed:
		if f, ok := a.freezes[e.Order]; ok {
			f.ended = true
			a.setFreeze(e.Order, f)
		}
	case event.FreezeLifted:
		if f, ok := a.freezes[e.Order]; ok {
			f.ended = true
			a.setFreeze(e.Order, f)
		}
	case event.FreezePartiallyReleased:
		b.reduced(stream, a, e.Order, e.Amount, e.Remaining)
	case event.FrozenFundsTransferred:
		b.reduced(stream, a, e.Order, e.Amount, e.Remaining)
	case event.FrozenFundsReturned:
		if f, ok := a.freezes[e.Order]; ok {
			b.add(stream, &f.returned, e.Amount)
			b.same(RemainingUnequal, stream, f.frozen-f.returned-f.released, e.Remaining)
			a.setFreeze(e.Order, f)
		}
	}
}

// takenBack: the bank says that it never carried the stop out, or that it did after
// all.
func (a *account) takenBack(e event.AccountEvent) {
	switch e := e.(type) { //nolint:gochecksumtype // only these reach it
	case event.BankDiscrepancyFound:
		if e.Kind == "answer-withdrawn" && e.Order == a.stop {
			a.stopped, a.balance = false, 0
		}
	case event.StopAnswerCorrected:
		if e.Order == a.stop && !a.stopped {
			a.stopped, a.balance = true, stoppedBy(e.Held, e.BalanceBefore)
		}
	}
}

// stoppedBy is what a stop holds of what was there: all of it, or its amount
// (金额止付).
func stoppedBy(held, balance money.Fen) money.Fen {
	if held > 0 {
		return min(held, balance)
	}
	return balance
}

// reduced lowers a freeze by what left it otherwise than to a victim.
func (b *book) reduced(stream string, a *account, order identity.OrderID, amount, remaining money.Fen) {
	f, ok := a.freezes[order]
	if !ok {
		return
	}
	b.add(stream, &f.released, amount)
	b.same(RemainingUnequal, stream, f.frozen-f.returned-f.released, remaining)
	a.setFreeze(order, f)
}

func (a *account) setFreeze(order identity.OrderID, f freeze) {
	if a.freezes == nil {
		a.freezes = map[identity.OrderID]freeze{}
	}
	a.freezes[order] = f
}

func (b *book) ofRefund(stream string, e event.RefundEvent) {
	switch e := e.(type) {
	case event.RefundExecuted:
		if e.Case != b.figures.Case {
			return
		}
		name := "account-" + string(e.Account)
		a := b.accounts[name]
		b.add(stream, &a.refunded, e.Amount)
		b.accounts[name] = a
		paid := b.paid[stream]
		b.add(stream, &paid, e.Amount)
		b.paid[stream] = paid
		b.add(stream, &b.figures.Returned, e.Amount)
	case event.RefundClosed:
		b.same(ClosedUnequal, stream, b.paid[stream], e.Returned)
	case event.RefundOpened, event.VictimInformedOfFreeze, event.RefundApplied, event.FlowTableCompiled, event.RefundPlanProposed,
		event.PublicNoticePosted, event.PublicNoticeEnded, event.RefundObjectionFiled, event.RefundObjectionDecided,
		event.RefundReportSubmitted, event.RefundApproved, event.RefundRejected, event.AssistNoticeServed, event.RefundFailed,
		event.RemainderKeptFrozen: // no amount that counts here
	}
}

// close sums up over the accounts, in a fixed order.
func (b *book) close() Figures {
	f := &b.figures
	banks := map[identity.BankCode]bool{}
	for _, stream := range slices.Sorted(maps.Keys(b.accounts)) {
		a := b.accounts[stream]
		given := b.given(stream, a)
		b.same(ReturnedUnequal, stream, given, a.refunded)
		if !a.restrained() {
			continue
		}
		f.AccountsRestrained++
		banks[a.bank] = true
		f.Levels = max(f.Levels, cmp.Or(a.stopLevel, a.level))
		b.add(stream, &f.Stopped, a.balance)
		if a.stopLevel == 1 {
			b.add(stream, &f.StoppedLevel1, a.balance)
		}
		held := b.held(stream, a)
		b.add(stream, &f.Attributable, held)
		if given > held {
			b.contradict(ReturnedBeyondAttributable, stream, held, given)
		}
	}
	f.Banks = len(banks)
	f.Balanced = len(f.Contradictions) == 0
	return *f
}

// given sums the freezes of an account up, and returns what has left them.
func (b *book) given(stream string, a account) money.Fen {
	var given money.Fen
	for _, order := range slices.Sorted(maps.Keys(a.freezes)) {
		f := a.freezes[order]
		b.add(stream, &b.figures.Frozen, f.frozen)
		b.add(stream, &given, f.returned)
		if f.returned > f.frozen {
			b.contradict(ReturnedBeyondFrozen, stream, f.frozen, f.returned)
		}
		if !f.ended {
			b.add(stream, &b.figures.RemainingFrozen, f.frozen-f.returned-f.released)
		}
	}
	return given
}

// held is this case's own money on an account, by the latest attribution.
func (b *book) held(stream string, a account) money.Fen {
	if !a.known {
		return 0
	}
	var own money.Fen
	for _, lot := range a.attribution.Held {
		if lot.Case == b.figures.Case {
			b.add(stream, &own, lot.Amount)
		}
	}
	b.attributed(stream, a.attribution)
	return own
}

// attributed checks an attribution: all that stands on the account is held for
// someone, and of each known owner's money as much is held and has left as has
// reached the account.
func (b *book) attributed(stream string, f event.FundsAttributed) {
	var held money.Fen
	for _, lot := range f.Held {
		b.add(stream, &held, lot.Amount)
	}
	b.same(AttributionUnbalanced, stream, f.Balance, held)
	reached, found := map[event.Lot]money.Fen{}, map[event.Lot]money.Fen{}
	b.tally(stream, reached, f.Reached)
	b.tally(stream, found, f.Held)
	b.tally(stream, found, f.Left)
	owners := maps.Clone(found)
	maps.Copy(owners, reached)
	for _, owner := range slices.SortedFunc(maps.Keys(owners), byOwner) {
		b.same(AttributionUnbalanced, stream, reached[owner], found[owner])
	}
}

// tally adds lots up by known owner.
func (b *book) tally(stream string, sums map[event.Lot]money.Fen, lots []event.Lot) {
	for _, lot := range lots {
		if !lot.Known() {
			continue
		}
		owner := lot
		owner.Amount = 0
		sum := sums[owner]
		b.add(stream, &sum, lot.Amount)
		sums[owner] = sum
	}
}

func byOwner(a, b event.Lot) int {
	return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.Victim, b.Victim), cmp.Compare(a.Transfer, b.Transfer))
}

// add adds an amount to a sum, or tells that it cannot be.
func (b *book) add(stream string, sum *money.Fen, amount money.Fen) {
	total, err := sum.Add(amount)
	if err != nil {
		b.contradict(AmountOverflow, stream, *sum, amount)
		return
	}
	*sum = total
}

func (b *book) same(code, stream string, expected, found money.Fen) {
	if expected != found {
		b.contradict(code, stream, expected, found)
	}
}

func (b *book) contradict(code, stream string, expected, found money.Fen) {
	b.figures.Contradictions = append(b.figures.Contradictions, Contradiction{code, stream, expected, found})
}
