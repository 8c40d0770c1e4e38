package domain

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// decide is every rule about a refund: the opening and what follows for the
// victim here, the plan, the decision and the payment in the files beside.
func decide(hash Hash, p Procedure, cmd Command) ([]event.RefundEvent, error) {
	if cmd, ok := cmd.(Open); ok {
		return open(p, cmd)
	}
	if !p.Opened() {
		return nil, ErrNoProcedure
	}
	switch cmd := cmd.(type) {
	case Open: // decided above
	case InformVictim:
		return inform(p, cmd)
	case Apply:
		return apply(p, cmd)
	case CompileFlowTable:
		return compileFlowTable(hash, p, cmd)
	case ProposePlan:
		return propose(hash, p, cmd)
	case PostNotice:
		return postNotice(p, cmd)
	case EndNotice:
		return endNotice(p, cmd)
	case FileObjection:
		return object(p, cmd)
	case DecideObjection:
		return decideObjection(p, cmd)
	case SubmitReport:
		return report(p, cmd)
	case Approve:
		return approve(hash, p, cmd)
	case Reject:
		return reject(p, cmd)
	case ServeNotice:
		return serve(hash, p, cmd)
	case ReportPaid:
		return paid(p, cmd)
	case ReportFailed:
		return failed(p, cmd)
	}
	return nil, nil
}

// open starts a procedure from a freeze; a stop never does (41号 art. 2). The
// claims are the lots of this case on the account, one for each declared
// transfer.
func open(p Procedure, cmd Open) ([]event.RefundEvent, error) {
	if p.Opened() {
		return nil, nil // heard twice
	}
	f := cmd.Freeze
	if f.Frozen <= 0 {
		return nil, ErrNotFrozen
	}
	claims, err := claims(f, cmd.Declared)
	if err != nil {
		return nil, err
	}
	others, err := othersHeld(f)
	if err != nil {
		return nil, err
	}
	return []event.RefundEvent{event.RefundOpened{
		Procedure: cmd.Procedure, Case: f.Case, CaseNo: f.CaseNo, Account: f.Account, FreezeOrder: f.Order, Frozen: f.Frozen,
		FreezeExpires: f.ExpiresAt, Exact: f.Attribution.Exact, Credits: f.Attribution.Credits, Claims: claims, OthersHeld: others, At: cmd.At,
	}}, nil
}

// othersHeld is what the account holds for victims of other cases. They share
// with ours where less is frozen than all of them together have on it.
func othersHeld(f event.FreezeExecuted) (total money.Fen, err error) {
	for _, l := range f.Attribution.Held {
		if l.Known() && l.Case != f.Case {
			if total, err = total.Add(l.Amount); err != nil {
				return 0, ErrTotal
			}
		}
	}
	return total, nil
}

func claims(f event.FreezeExecuted, declared []Declared) ([]event.Claim, error) {
	reached, err := byTransfer(f.Case, f.Attribution.Reached)
	if err != nil {
		return nil, err
	}
	held, err := byTransfer(f.Case, f.Attribution.Held)
	if err != nil {
		return nil, err
	}
	var claims []event.Claim
	var total money.Fen
	for _, d := range declared {
		key := lotKey{d.Victim, d.Transfer.ID}
		if held[key] > 0 {
			claims = append(claims, event.Claim{
				Victim: d.Victim, Transfer: d.Transfer.ID, Original: d.Transfer.From, Declared: d.Transfer.Amount,
				Reached: reached[key], Held: held[key], PaidAt: d.Transfer.At,
			})
			if total, err = total.Add(held[key]); err != nil {
				return nil, ErrTotal
			}
			delete(held, key)
		}
	}
	for _, rest := range held {
		if rest > 0 {
			return nil, ErrClaimUndeclared
		}
	}
	switch {
	case len(claims) == 0:
		return nil, ErrClaimUndeclared
	case len(claims) > MaxClaims:
		return nil, ErrTooManyClaims
	}
	slices.SortFunc(claims, func(a, b event.Claim) int {
		return cmp.Or(a.PaidAt.Compare(b.PaidAt), strings.Compare(string(a.Transfer), string(b.Transfer)))
	})
	return claims, nil
}

// lotKey tells one victim's money of one transfer from all other.
type lotKey struct {
	victim   identity.PartyID
	transfer identity.TransferID
}

// byTransfer adds up the lots of one case. The money of other cases on the
// account is left to their own procedures.
func byTransfer(of identity.CaseID, lots []event.Lot) (map[lotKey]money.Fen, error) {
	sums := map[lotKey]money.Fen{}
	for _, l := range lots {
		if l.Case != of || !l.Known() {
			continue
		}
		key := lotKey{l.Victim, l.Transfer}
		sum, err := sums[key].Add(l.Amount)
		if err != nil {
			return nil, ErrTotal
		}
		sums[key] = sum
	}
	return sums, nil
}

var codeForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// code refuses prose where a code is asked for: prose could name people.
func code(s, pointer string) error {
	if !codeForm.MatchString(s) {
		return ErrCode.At("%s", pointer)
	}
	return nil
}

func inform(p Procedure, cmd InformVictim) ([]event.RefundEvent, error) {
	if !slices.ContainsFunc(p.Claims, func(c Claim) bool { return c.Victim == cmd.Victim }) {
		return nil, ErrVictim.At("/victim")
	}
	if err := code(cmd.Via, "/via"); err != nil {
		return nil, err
	}
	if slices.Contains(p.Informed, cmd.Victim) {
		return nil, nil
	}
	return []event.RefundEvent{event.VictimInformedOfFreeze(cmd)}, nil
}

// ReplacementReasons are why the money may go elsewhere than back to the
// out-account (41号 art. 6): it is closed, lost or frozen.
func ReplacementReasons() []string { return []string{"closed", "lost", "frozen"} }

func apply(p Procedure, cmd Apply) ([]event.RefundEvent, error) {
	n := p.claim(cmd.Victim, cmd.Transfer)
	switch {
	case n < 0:
		return nil, ErrClaim.At("/transfer")
	case p.Approved():
		return nil, ErrApprovedAlready
	case !twoOfficers(cmd.Officers):
		return nil, ErrTwoOfficers.At("/partner")
	}
	claim := p.Claims[n]
	out := event.RefundApplied{
		Victim: cmd.Victim, Transfer: cmd.Transfer, Payee: claim.Original, PayeeOwner: cmd.Victim, Officers: cmd.Officers, At: cmd.At,
	}
	if cmd.Payee.ID != "" && cmd.Payee.ID != claim.Original.ID {
		switch {
		case !slices.Contains(ReplacementReasons(), cmd.Reason):
			return nil, ErrPayeeNotOrig.At("/reason")
		case cmd.PayeeOwner != cmd.Victim:
			return nil, ErrPayeeNotOwn.At("/payeeOwner")
		case !cmd.PayeeNamed:
			return nil, ErrPayeeNotOwn.At("/payee/holder")
		}
		out.Payee, out.Reason = cmd.Payee, cmd.Reason
	}
	if claim.Applied && claim.Payee.ID == out.Payee.ID {
		return nil, nil
	}
	return []event.RefundEvent{out}, nil
}

// twoOfficers tells whether two different officers act.
func twoOfficers(o []event.Officer) bool {
	return len(o) == 2 && !o[0].Zero() && !o[1].Zero() && o[0].PoliceNo != o[1].PoliceNo
}
