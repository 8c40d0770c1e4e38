package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Kinds of discrepancy (反馈差异) in what a bank says. docs/api.md tells of each
// what it means and what still counts.
const (
	ExpiryDiffers        = "expiry-differs"          // the bank names another end of the measure
	ExecutedImplausible  = "executed-at-implausible" // carried out before it was ordered, or ahead of the answer
	BalanceNegative      = "balance-negative"
	AmountNegative       = "amount-negative"
	AnswerDiffers        = "answer-differs"         // a second answer says something else and is not marked as a correction
	AnswerContradicts    = "answer-contradicts"     // two of its fields cannot both be
	AnswerLate           = "answer-late"            // told after the measure has run out
	AnswerWithdrawn      = "answer-withdrawn"       // a correction says that the measure was never carried out
	ExecutedAfterFailure = "executed-after-failure" // told of as done after it was told of as failed
	ExecutedAfterRelease = "executed-after-release" // a freeze carried out after it had ended or was withdrawn
	RenewedAfterEnd      = "renewed-after-end"      // a freeze renewed after it had ended
	RenewalToldLate      = "renewal-told-late"      // a freeze renewed before its end, told of after it
	ReleasedDiffers      = "released-differs"       // another amount was released than was asked for
	EndedAtBank          = "ended-at-bank"          // what is to be released or renewed has ended at the bank
	UnknownAtBank        = "unknown-at-bank"        // the bank knows nothing of it
	RepeatsEnded         = "repeats-ended"          // the bank was asked to lift or release so often that it is for a person now
	StatementUnbalanced  = "statement-unbalanced"   // the rows do not add up
	StatementIncomplete  = "statement-incomplete"   // parts are missing, or rows that were there before
	StatementConflicts   = "statement-conflicts"    // does not fit what another statement of the account says
	StatementTooLong     = "statement-too-long"
	TransferBeforeInflow = "transfer-before-inflow" // a debit is dated before the credit it follows
	InflowMissing        = "inflow-missing"         // a traced transfer has no row
	RowOrder             = "row-order"              // the rows add up in another order only
	RowDuplicate         = "row-duplicate"          // a row is there twice
	RowCurrency          = "row-currency"           // a row in another currency
	RowUnreadable        = "row-unreadable"         // a field of a row cannot be read; Row is # and its number, from 1
	CounterpartyMissing  = "counterparty-missing"   // nobody knows where a debit went that is not cash
	TooLarge             = "too-large"              // more than one account's ledger has room for
	AmountAbsurd         = "amount-absurd"          // beyond any real amount
	SelfTransfer         = "self-transfer"          // from the account to itself
	CycleInstant         = "cycle-instant"          // there and back at the same instant
	TextUnreadable       = "text-unreadable"        // free text where a code or a name of an authority belongs
)

// maxRowNotes bounds how many rows of one statement are named with one kind of
// oddity.
const maxRowNotes = 20

// knows tells whether a discrepancy is on record already.
func (a Account) knows(d event.BankDiscrepancyFound) bool {
	return slices.ContainsFunc(a.Discrepancies, func(o event.BankDiscrepancyFound) bool {
		return o.Order == d.Order && o.Kind == d.Kind && o.Expected == d.Expected && o.Found == d.Found && o.Row == d.Row
	})
}

// note adds a discrepancy that is not on record yet.
func (a Account) note(events []event.AccountEvent, o Order, d event.BankDiscrepancyFound, at time.Time) []event.AccountEvent {
	if d.Order, d.At = o.ID, at; a.knows(d) {
		return events
	}
	return append(events, d)
}

// noteHold is note for what tells until when a bank holds without right. After it has
// let go, or has named an earlier end, the same words are news.
func (a Account) noteHold(events []event.AccountEvent, o Order, d event.BankDiscrepancyFound, at time.Time) []event.AccountEvent {
	if !d.HoldsUntil.After(o.BankUntil) {
		return a.note(events, o, d, at)
	}
	d.Order, d.At = o.ID, at
	return append(events, d)
}

// oddities are what is strange about rows that add up. They count all the same.
func oddities(self identity.AccountID, rows []event.Row) (found []event.BankDiscrepancyFound) {
	type way struct {
		counter identity.AccountID
		at      int64
		amount  money.Fen
		credit  bool
	}
	seen, selves, cycles, nowhere := map[way]bool{}, 0, 0, 0
	for _, r := range rows {
		if r.Counter == nil {
			if !r.Credit && !inCash(r) {
				if nowhere++; nowhere <= maxRowNotes {
					found = append(found, event.BankDiscrepancyFound{Kind: CounterpartyMissing, Row: r.Serial})
				}
			}
			continue
		}
		if r.Counter.ID == self {
			if selves++; selves <= maxRowNotes {
				found = append(found, event.BankDiscrepancyFound{Kind: SelfTransfer, Row: r.Serial})
			}
			continue
		}
		w := way{r.Counter.ID, r.At.UnixNano(), r.Amount, r.Credit}
		seen[w] = true
		w.credit = !w.credit
		if !seen[w] {
			continue
		}
		if cycles++; cycles <= maxRowNotes {
			found = append(found, event.BankDiscrepancyFound{Kind: CycleInstant, Row: r.Serial})
		}
	}
	return found
}

// inCash tells whether a row is money over the counter or out of a machine. One
// that names nobody is not, unless its bank says so.
func inCash(r event.Row) bool { return r.Counter == nil && r.Kind == "cash" }

const (
	// maxMissing bounds how many transfers an account remembers as reported missing;
	// no more are reported.
	maxMissing = 1_000
	// missingAtOnce is how many of them one event names.
	missingAtOnce = 200
)

// missing reports the transfers whose rows a statement lacks, each of them once.
func (a Account) missing(inflows []Inflow, at time.Time) (events []event.AccountEvent) {
	var news []identity.TransferID
	for _, in := range inflows {
		if _, told := slices.BinarySearch(a.Missing, in.Source.ID); !told && !slices.Contains(news, in.Source.ID) && len(a.Missing)+len(news) < maxMissing {
			news = append(news, in.Source.ID)
		}
	}
	for some := range slices.Chunk(news, missingAtOnce) {
		d := event.BankDiscrepancyFound{Order: a.Statement.Order, Kind: InflowMissing, Expected: string(some[0]), At: at}
		if len(some) > 1 {
			d.Transfers = slices.Clip(some)
		}
		events = append(events, d)
	}
	return events
}

// lacks remembers the transfers that were reported missing.
func (a Account) lacks(e event.BankDiscrepancyFound) Account {
	ids := e.Transfers
	if len(ids) == 0 {
		ids = []identity.TransferID{identity.TransferID(e.Expected)}
	}
	a.Missing = slices.Clone(a.Missing)
	for _, id := range ids {
		if n, told := slices.BinarySearch(a.Missing, id); !told && len(a.Missing) < maxMissing {
			a.Missing = slices.Insert(a.Missing, n, id)
		}
	}
	return a
}
