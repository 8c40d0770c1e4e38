package domain_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

func TestAnIndexIsAMapThatIsAValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[a-d]{0,3}`)
		now, model := domain.NewIndex(), map[string]int{}
		type version struct {
			x     domain.Index
			model map[string]int
		}
		var versions []version
		for n := range rapid.IntRange(0, 200).Draw(t, "puts") {
			k := key.Draw(t, "key")
			kept := map[string]int{}
			maps.Copy(kept, model)
			versions = append(versions, version{now, kept})
			if rapid.IntRange(0, 9).Draw(t, "turns back") == 0 { // two histories from one state
				back := rapid.SampledFrom(versions).Draw(t, "to")
				now, model = back.x, map[string]int{}
				maps.Copy(model, back.model)
			}
			now, model[k] = now.Put(k, n), n
		}
		for _, v := range append(versions, version{now, model}) {
			for _, k := range []string{"", "a", "b", "ab", "abc", "ddd", "cab"} {
				got, ok := v.x.Get(k)
				if want, known := v.model[k]; ok != known || got != want {
					t.Fatalf("%q is %d (%t), want %d (%t)", k, got, ok, want, known)
				}
			}
			for k, want := range v.model {
				if got, ok := v.x.Get(k); !ok || got != want {
					t.Fatalf("%q is %d (%t), want %d", k, got, ok, want)
				}
			}
		}
	})
}

func TestASeriesIsAListThatIsAValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, model := domain.Series{}, []int{}
		var versions []domain.Series
		var models [][]int
		for n := range rapid.IntRange(0, 300).Draw(t, "steps") {
			versions, models = append(versions, now), append(models, slices.Clone(model))
			switch at := rapid.IntRange(-3, len(model)).Draw(t, "at"); {
			case at < 0 || at == len(model):
				now, model = now.Add(n), append(model, n)
			default:
				now = now.Set(at, n)
				model[at] = n
			}
			if rapid.IntRange(0, 19).Draw(t, "turns back") == 0 {
				back := rapid.IntRange(0, len(versions)-1).Draw(t, "to")
				now, model = versions[back], slices.Clone(models[back])
			}
		}
		for n, v := range append(versions, now) {
			want := append(models, model)[n]
			if got := v.All(); !slices.Equal(got, want) {
				t.Fatalf("%v, want %v", got, want)
			}
		}
	})
}

// drawn is a step of a chase among a handful of accounts.
func drawn(t *rapid.T, n int) domain.PursuitCommand {
	account := func(label string) event.Account {
		return event.Account{ID: identity.AccountID(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, label)), Kind: identity.AccountKind(rapid.SampledFrom([]string{"01", "05"}).Draw(t, "kind"))}
	}
	policy := domain.Policy{MaxLevel: 3, MinAmount: 50, MaxAge: time.Hour, HumanKinds: []identity.AccountKind{"05"}}
	at := paid.At.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes")) * time.Minute)
	var transfers []domain.TracedTransfer
	from := account("from")
	for i := range rapid.IntRange(0, 3).Draw(t, "transfers") {
		m := moved(fmt.Sprint(rapid.IntRange(0, n+1).Draw(t, "id"), from.ID, i), from, account("to"), time.Duration(rapid.IntRange(0, 60).Draw(t, "at"))*time.Minute, money.Fen(rapid.IntRange(1, 100).Draw(t, "fen")))
		transfers = append(transfers, m)
	}
	switch rapid.IntRange(0, 6).Draw(t, "what") {
	case 0:
		for i := range transfers {
			transfers[i].Transfer.From = victims
		}
		return domain.Trace{Transfers: transfers, Policy: policy, At: at}
	case 1:
		to := account("ordered")
		return domain.OrderStop{Account: to, Over: domain.StopOrder("case-a", to.ID, rapid.IntRange(0, 3).Draw(t, "over")), Operator: li, Investigator: wang, At: at}
	case 6:
		to := account("refused")
		attempt := rapid.IntRange(1, 3).Draw(t, "attempt")
		note := domain.NoteRefused{Account: to.ID, Order: domain.StopOrder("case-a", to.ID, attempt), Cause: "account-stopped-already", At: at}
		if attempt > 1 {
			note.Stands = domain.StopOrder("case-a", to.ID, attempt-1)
		}
		return note
	case 3:
		return domain.FollowUp{Account: from.ID, Policy: policy, At: at}
	case 2:
		to := account("again")
		return domain.AskAgain{Account: to, After: domain.StopOrder("case-a", to.ID, 1), Source: moved("again", from, to, time.Minute, 5).Transfer, At: at}
	}
	return domain.Trace{From: from.ID, Revision: rapid.IntRange(0, 3).Draw(t, "revision"), Transfers: transfers, Policy: policy, At: at}
}

// image is all that can be asked of a chase.
func image(p domain.Pursuit) string {
	text := fmt.Sprint(p.Case, p.Ordered, p.Overdue, p.Size())
	for n := range p.Nodes() {
		same, ok := p.Node(n.Account)
		text += fmt.Sprintf("\n%+v %t %t", n, ok, same == n)
	}
	return text
}

func TestI09_WhateverFlowsTheGraphIsSound(t *testing.T) {
	d := domain.PursuitDecider()
	rapid.Check(t, func(t *rapid.T) {
		p := d.Replay(opened())
		var states []domain.Pursuit
		var images []string
		asked := map[identity.OrderID]bool{}
		for n := range rapid.IntRange(1, 30).Draw(t, "steps") {
			states, images = append(states, p), append(images, image(p))
			events, err := d.Decide(p, drawn(t, n))
			if err != nil {
				continue
			}
			for _, e := range events {
				if found, ok := e.(event.DownstreamAccountFound); ok {
					sound(t, p, found, asked)
				}
				p = d.Evolve(p, e)
			}
		}
		for n, s := range states {
			if diff := cmp.Diff(images[n], image(s)); diff != "" {
				t.Fatalf("a state that others hold has changed (-before +after):\n%s", diff)
			}
		}
	})
}

// sound checks an account that was found against the chase before it.
func sound(t *rapid.T, p domain.Pursuit, e event.DownstreamAccountFound, asked map[identity.OrderID]bool) {
	parent, known := p.Node(e.Parent)
	if e.Parent != "" && e.Parent != e.Account.ID && (!known || e.Level != parent.Level+1) {
		t.Fatalf("level %d below %d: %+v", e.Level, parent.Level, e)
	}
	if e.Order == "" {
		if e.Withheld == "" {
			t.Fatalf("no order and no reason: %+v", e)
		}
		return
	}
	if asked[e.Order] {
		t.Fatalf("order %s is given twice", e.Order)
	}
	asked[e.Order] = true
	if e.Level > 1 && (e.ParentOrder == "" || e.Source.ID == "" || e.Source.Amount <= 0 || e.Source.At.Before(e.ParentSourceAt)) {
		t.Fatalf("a chain order without its evidence (I08): %+v", e)
	}
}

// BenchmarkChase: the money goes to one account and from there to n others, in
// traces of a hundred, and each of them is answered with nothing further.
func BenchmarkChase(b *testing.B) {
	for _, n := range []int{500, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d, policy := domain.PursuitDecider(), domain.Policy{MaxLevel: 5, MinAmount: 1}
			var all []domain.TracedTransfer
			var names []identity.TransferID
			for i := range n {
				m := moved(identity.Derive("bench", fmt.Sprint(i)).String(), mule, event.Account{ID: identity.AccountIDOf("b", fmt.Sprint(i))}, time.Minute, 100)
				all, names = append(all, m), append(names, m.Transfer.ID)
			}
			for b.Loop() {
				p := d.Replay(opened(), foundL1())
				step := func(cmd domain.Trace) {
					cmd.Policy = policy
					events, err := d.Decide(p, cmd)
					if err != nil {
						b.Fatal(err)
					}
					for _, e := range events {
						p = d.Evolve(p, e)
					}
				}
				for part, chunk := range slices.Collect(slices.Chunk(all, 100)) {
					step(domain.Trace{From: mule.ID, Revision: 1, Part: part + 1, Names: names, Transfers: chunk})
				}
				for _, m := range all {
					step(domain.Trace{From: m.Transfer.To.ID, Revision: 1})
				}
				if p.Size() != n+1 {
					b.Fatal(p.Size())
				}
			}
		})
	}
}
