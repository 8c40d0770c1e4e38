package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/seal"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// appendBytes is what a node takes in one append, metadata and all.
const appendBytes = 1 << 20

// metaBytes is more than the metadata of one event take.
const metaBytes = 1 << 10

func box(subject, field string) seal.Box {
	return seal.Box{Subject: subject, Version: 1, Suite: "sm4-gcm", Field: field, Nonce: make([]byte, 12), Cipher: make([]byte, 60)}
}

func account(n int) event.Account {
	id := identity.AccountIDOf("105100000017", fmt.Sprint(n))
	return event.Account{ID: id, Bank: "105100000017", Kind: "01", Number: box(string(id), "account-number"), Holder: box(string(id), "account-holder")}
}

// outflows are transfers of money of case-a, every tenth of case-b as well.
func outflows(from event.Account, first, count int, at time.Time) []event.Outflow {
	list := make([]event.Outflow, count)
	for n := range list {
		id := identity.TransferID(identity.Derive("test", fmt.Sprint(first+n)).String())
		list[n] = event.Outflow{
			Transfer: event.Transfer{ID: id, From: from, To: account(first + n), Amount: 100, At: at, Serial: fmt.Sprint("S", first+n)},
			Lots:     []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: 60}},
		}
		if n%10 == 0 {
			list[n].Lots = append(list[n].Lots, event.Lot{Case: "case-b", Victim: "zhao", Transfer: "t2", Amount: 40})
		}
	}
	return list
}

// pursued is a chase of a case that has met one account.
func pursued(t *testing.T, id identity.CaseID, mule event.Account, at time.Time) domain.Pursuit {
	t.Helper()
	d := domain.PursuitDecider()
	p := d.Replay(event.PursuitOpened{Case: id, ReportedAt: at, Operator: event.Officer{PoliceNo: "1"}, Investigator: event.Officer{PoliceNo: "2"}})
	paid := event.Transfer{ID: identity.TransferID(id) + "-paid", To: mule, Amount: 1_000_000, At: at}
	events, err := d.Decide(p, domain.Trace{Transfers: []domain.TracedTransfer{{Transfer: paid, Lots: []event.Lot{{Case: id, Amount: 1_000_000}}}}, Policy: domain.Policy{MaxLevel: 5}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		p = d.Evolve(p, e)
	}
	return p
}

// appended is the chase after one append, which a node has to take.
func appended(t *testing.T, p domain.Pursuit, events []event.PursuitEvent) domain.Pursuit {
	t.Helper()
	size := 0
	for _, e := range events {
		name, data, err := event.PursuitCodec().Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		size += len(data) + 2*len(name) + metaBytes
		p = domain.EvolvePursuit(p, e)
	}
	if size > appendBytes*3/4 {
		t.Errorf("%d events of %d bytes in one append", len(events), size)
	}
	return p
}

func TestAFanOfThousandsIsFollowedInPartsThatTheLogTakes(t *testing.T) {
	const width, half = 2_000, 1_000
	at := time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC)
	mule := account(-1)
	heard := react.Source{ID: uuid.New(), Key: string(mule.ID), Meta: es.Meta{Correlation: "case-a"}}
	first, rest := outflows(mule, 0, half, at), outflows(mule, half, width-half, at)
	all := event.FundsAttributed{Revision: 1, Parts: 2, Outflows: first, Reached: []event.Lot{{Case: "case-a"}, {Case: "case-b"}}}
	for _, o := range append(first[:half:half], rest...) {
		all.Names = append(all.Names, o.Transfer.ID)
	}
	intents := append(app.React(heard, all), app.React(heard, event.OutflowsAttributed{Revision: 1, Part: 2, Parts: 2, Outflows: rest})...)
	chases := map[identity.CaseID]domain.Pursuit{"case-a": pursued(t, "case-a", mule, at), "case-b": pursued(t, "case-b", mule, at)}
	appends := map[identity.CaseID]int{}
	follow := func(intents []app.Intent) {
		for _, i := range intents {
			cmd, ok := i.Chase.(domain.Trace)
			if !ok {
				t.Fatalf("%+v", i)
			}
			cmd.Policy = domain.Policy{MaxLevel: 5}
			for more := true; more; { // as it is carried out
				events, err := domain.DecidePursuit(chases[i.Pursuit], cmd)
				if err != nil {
					t.Fatal(err)
				}
				more = len(events) >= domain.AtOnce
				chases[i.Pursuit] = appended(t, chases[i.Pursuit], events)
				appends[i.Pursuit]++
			}
		}
	}
	follow(intents)
	if a, b := chases["case-a"].Size(), chases["case-b"].Size(); a != width+1 || b != width/10+1 {
		t.Errorf("the chases have met %d and %d accounts", a, b)
	}
	if appends["case-a"] < 4 {
		t.Errorf("all of it in %d appends", appends["case-a"])
	}
	before := appends["case-a"]
	follow(intents) // heard twice
	if a := chases["case-a"].Size(); a != width+1 {
		t.Errorf("heard twice, the chase has met %d accounts", a)
	}
	// The next revision has lost all but the last part: the first tells so.
	follow(app.React(heard, event.FundsAttributed{Revision: 2, Outflows: rest[half-1:], Reached: all.Reached}))
	carried := 0
	for _, o := range append(first[:half:half], rest...) {
		if chases["case-a"].Follows(o.Transfer.ID, o.Lots[:1]) {
			carried++
		}
	}
	if carried != 1 || appends["case-a"] <= before {
		t.Errorf("%d transfers still carry the money, want 1", carried)
	}
}

func TestACaseWhoseMoneyIsNotOnTheAccountAfterAllIsTold(t *testing.T) {
	source := react.Source{Key: "mule", Meta: es.Meta{Correlation: "A"}}
	intents := app.React(source, event.FundsAttributed{Revision: 2, FormerCases: []identity.CaseID{"B"}, Reached: []event.Lot{{Case: "A", Amount: 5}}})
	told := map[identity.CaseID]int{}
	for _, i := range intents {
		trace, ok := i.Chase.(domain.Trace)
		if !ok || trace.Revision != 2 {
			t.Fatalf("%+v", i)
		}
		told[i.Pursuit] = len(trace.Transfers)
	}
	if n, there := told["B"]; !there || n != 0 || len(told) != 2 {
		t.Errorf("told: %v", told)
	}
}

func TestMoneyThatWentNobodyKnowsWhereIsNotFollowed(t *testing.T) {
	lots := []event.Lot{{Case: "A", Amount: 5}}
	intents := app.React(react.Source{Key: "mule", Meta: es.Meta{Correlation: "A"}}, event.FundsAttributed{
		Revision: 1, Reached: lots, Left: lots, Outflows: []event.Outflow{{Transfer: event.Transfer{ID: "t"}, Lots: lots}},
	})
	if trace, ok := intents[0].Chase.(domain.Trace); !ok || len(intents) != 1 || len(trace.Transfers) > 0 {
		t.Errorf("%+v", intents)
	}
}
