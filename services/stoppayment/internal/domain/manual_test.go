package domain_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// proposal says by hand of the mixed account that B's 50,000 and 10,000 of A's
// went to X: of A 30,000 are held, and the 10,000 of nobody known.
func proposal(a domain.Account) domain.ProposeManual {
	lots := func(of map[identity.CaseID]money.Fen) (lots []event.Lot) {
		for _, in := range mixed().Inflows {
			if amount := of[in.Case]; amount > 0 {
				l := in.Lots[0]
				l.Amount = amount
				lots = append(lots, l)
			}
		}
		if of[""] > 0 {
			lots = append(lots, event.Lot{Amount: of[""]})
		}
		return lots
	}
	return domain.ProposeManual{
		Proposal: "p-1", Case: "A", Basis: a.Attribution.Revision, Reason: "confession", Officer: li, At: four,
		Parts: []event.ManualPart{
			{Transfer: a.Attribution.Outflows[0].Transfer.ID, Lots: lots(map[identity.CaseID]money.Fen{"A": 10_000, "B": 50_000})},
			{Lots: lots(map[identity.CaseID]money.Fen{"A": 30_000, "": 10_000})},
		},
	}
}

func TestAnAttributionByHandTakesTwoSignaturesAndNoMoneyFromNowhere(t *testing.T) {
	a := answered(t)
	good := proposal(a)
	for name, c := range map[string]struct {
		spoil func(*domain.ProposeManual)
		err   error
	}{
		"on an outdated revision":            {func(p *domain.ProposeManual) { p.Basis-- }, domain.ErrBasis},
		"without a reason":                   {func(p *domain.ProposeManual) { p.Reason = "" }, domain.ErrMethodReason},
		"that says nothing":                  {func(p *domain.ProposeManual) { p.Parts = nil }, domain.ErrManualSize},
		"of an outflow that there is not":    {func(p *domain.ProposeManual) { p.Parts[0].Transfer = "nothing" }, domain.ErrManualOutflow},
		"that holds less than the balance":   {func(p *domain.ProposeManual) { p.Parts[1].Lots[1].Amount-- }, domain.ErrManualSum},
		"with an amount below zero":          {func(p *domain.ProposeManual) { p.Parts[1].Lots[1].Amount = -1 }, domain.ErrManualSum},
		"that gives an owner more than came": {func(p *domain.ProposeManual) { p.Parts[1].Lots[0].Amount, p.Parts[1].Lots[1].Amount = 40_000, 0 }, domain.ErrManualOwner},
		"that loses some of an owner's":      {func(p *domain.ProposeManual) { p.Parts[1].Lots[0].Amount, p.Parts[1].Lots[1].Amount = 0, 40_000 }, domain.ErrManualOwner},
		"for an owner whose money never came": {func(p *domain.ProposeManual) {
			p.Parts[1].Lots[1] = event.Lot{Case: "C", Victim: "C", Transfer: "from-C", Amount: 10_000}
		}, domain.ErrManualOwner},
	} {
		t.Run("a proposal "+name+" is refused", func(t *testing.T) {
			p := proposal(a)
			c.spoil(&p)
			if _, err := domain.DecideAccount(a, p); !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
		})
	}
	proposed := apply(t, a, good)
	if proposed.Attribution.Revision != a.Attribution.Revision {
		t.Fatal("it counts with one signature")
	}
	confirm := domain.ConfirmManual{Proposal: "p-1", Officer: wang, At: four}
	for name, c := range map[string]struct {
		cmd domain.AccountCommand
		err error
	}{
		"the one who proposed cannot sign again": {domain.ConfirmManual{Proposal: "p-1", Officer: li, At: four}, domain.ErrSameSigner},
		"nobody cannot sign":                     {domain.ConfirmManual{Proposal: "p-1", At: four}, domain.ErrSameSigner},
		"another proposal is unknown":            {domain.ConfirmManual{Proposal: "p-2", Officer: wang}, domain.ErrNoProposal},
		"another cannot be rejected":             {domain.RejectManual{Proposal: "p-2", Officer: wang}, domain.ErrNoProposal},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := domain.DecideAccount(proposed, c.cmd); !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
		})
	}
	signed := apply(t, proposed, confirm)
	f := signed.Attribution
	if f.Method != event.Manual || f.Exact || f.Manual == nil || f.Manual.By != li || f.Manual.CoSigner != wang || f.Revision != 2 {
		t.Errorf("signed: %+v by %+v", f, f.Manual)
	}
	if diff := cmp.Diff(map[identity.CaseID]money.Fen{"A": 30_000, "": 10_000}, byOwner(f.Held)); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[identity.CaseID]money.Fen{"A": 10_000, "B": 50_000}, byOwner(f.Outflows[0].Lots)); diff != "" {
		t.Errorf("to X (-want +got):\n%s", diff)
	}
	rejected := apply(t, proposed, domain.RejectManual{Proposal: "p-1", Officer: wang, At: four})
	if _, err := domain.DecideAccount(rejected, confirm); !errors.Is(err, domain.ErrBasis) {
		t.Errorf("a rejected proposal is signed: %v", err)
	}
	if events, err := domain.DecideAccount(rejected, domain.RejectManual{Proposal: "p-1", Officer: wang, At: four}); err != nil || len(events) > 0 {
		t.Errorf("rejected twice: %v, %v", events, err)
	}
}

func TestWhatWasSaidByHandStandsUntilTheFactsChange(t *testing.T) {
	a := answered(t)
	a = apply(t, apply(t, a, proposal(a)), domain.ConfirmManual{Proposal: "p-1", Officer: wang, At: four})
	other := proposal(a)
	other.Proposal = "p-2"
	a = apply(t, a, other)
	nothing := domain.TraceInflow{Case: "C", Source: event.Transfer{ID: "from-C", Serial: "S-C", Amount: 7, At: four}, Method: event.DirectTimestamp}
	same := apply(t, a, nothing)
	if same.Attribution.Method != event.Manual || same.Attribution.Revision != 2 || len(same.Proposals) != 1 {
		t.Errorf("an inflow of nothing has revised it: %s, revision %d", same.Attribution.Method, same.Attribution.Revision)
	}
	in := mixed().Inflows[0]
	in.Lots[0].Amount = 39_000
	events, err := domain.DecideAccount(a, domain.TraceInflow{Case: "A", Source: in.Source, Lots: in.Lots, Basis: 9, Method: event.DirectTimestamp, At: four})
	if err != nil {
		t.Fatal(err)
	}
	var outdated []identity.ProposalID
	for _, e := range events {
		if r, ok := e.(event.ManualAttributionRejected); ok && r.Cause == "outdated" {
			outdated = append(outdated, r.Proposal)
		}
		a = domain.EvolveAccount(a, e)
	}
	if diff := cmp.Diff([]identity.ProposalID{"p-1", "p-2"}, outdated); diff != "" {
		t.Errorf("outdated (-want +got):\n%s", diff)
	}
	if a.Attribution.Method != event.DirectTimestamp || a.Attribution.Revision != 3 || a.Manual != nil || byOwner(a.Attribution.Reached)["A"] != 39_000 {
		t.Errorf("revision %d by %s, reached %v", a.Attribution.Revision, a.Attribution.Method, a.Attribution.Reached)
	}
}

func TestOneMethodPerAccountWithItsReason(t *testing.T) {
	a := answered(t)
	choose := domain.ChooseMethod{Case: "A", Method: event.FIFO, Reason: "court", Officer: leader, At: four}
	unfounded, wild, byHand := choose, choose, choose
	unfounded.Reason, wild.Method, byHand.Method = "", "TOSS", event.Manual
	for name, c := range map[string]struct {
		cmd domain.ChooseMethod
		err error
	}{
		"another than the time stamps without a reason": {unfounded, domain.ErrMethodReason},
		"an unknown one":         {wild, domain.ErrMethod},
		"by hand needs lots too": {byHand, domain.ErrMethod},
	} {
		if _, err := domain.DecideAccount(a, c.cmd); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
	}
	if _, err := domain.DecideAccount(domain.Account{}, choose); !errors.Is(err, domain.ErrNoAccount) {
		t.Errorf("of an account that nobody knows: %v", err)
	}
	a = apply(t, a, choose)
	if f := a.Attribution; f.Method != event.FIFO || f.Revision != 2 || byOwner(f.Left)["A"] != 40_000 {
		t.Errorf("revision %d by %s, left %v", f.Revision, f.Method, f.Left)
	}
	in := mixed().Inflows[1]
	in.Lots[0].Amount--
	a = apply(t, a, domain.TraceInflow{Case: "B", Source: in.Source, Lots: in.Lots, Basis: 9, Method: event.DirectTimestamp})
	if a.Attribution.Method != event.FIFO || a.Attribution.Revision != 3 {
		t.Errorf("the city's method has come back: %s", a.Attribution.Method)
	}
	if events, err := domain.DecideAccount(a, choose); err != nil || len(events) > 0 {
		t.Errorf("the same choice again: %v, %v", events, err)
	}
	other := choose
	other.Case, other.Method = "B", event.LIFO
	if _, err := domain.DecideAccount(a, other); !errors.Is(err, domain.ErrMethodTaken) {
		t.Errorf("another case chooses otherwise: %v", err)
	}
	other.Case = "A"
	if a = apply(t, a, other); a.Attribution.Method != event.LIFO {
		t.Errorf("the same case cannot choose anew: %s", a.Attribution.Method)
	}
}
