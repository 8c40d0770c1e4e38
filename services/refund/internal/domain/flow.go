package domain

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Edge is one transfer of the case's graph.
type Edge struct {
	Transfer event.Transfer
	Level    int         // of the receiving account
	Lots     []event.Lot // whose money it carried
	Declared bool        // by a victim, so that From is his account
}

// Edges makes the graph of a case of what its victims have declared and what
// the chase has found. What was found later about a transfer replaces what was
// found before.
func Edges(of identity.CaseID, declared []Declared, chase []event.PursuitEvent) []Edge {
	levels := map[identity.AccountID]int{}
	lots := map[identity.TransferID][]event.Lot{}
	var found []event.Transfer
	note := func(t event.Transfer, carried []event.Lot) {
		if _, known := lots[t.ID]; !known {
			found = append(found, t)
		}
		lots[t.ID] = carried
	}
	for _, e := range chase {
		switch e := e.(type) {
		case event.DownstreamAccountFound:
			levels[e.Account.ID] = e.Level
			note(e.Source, e.Lots)
		case event.TransferTraced:
			note(e.Source, e.Lots)
		case event.PursuitOpened, event.FreezeProposed, event.FreezeApproved, event.FirstOrderOverdue, event.PlaintextViewed, event.OrderRefused: // no transfers
		}
	}
	var edges []Edge
	for _, d := range declared {
		own := []event.Lot{{Case: of, Victim: d.Victim, Transfer: d.Transfer.ID, Amount: d.Transfer.Amount}}
		edges = append(edges, Edge{Transfer: d.Transfer, Level: max(1, levels[d.Transfer.To.ID]), Lots: own, Declared: true})
	}
	for _, t := range found {
		same := func(d Declared) bool { return sameMovement(d.Transfer, t) }
		if !slices.ContainsFunc(declared, same) {
			edges = append(edges, Edge{Transfer: t, Level: levels[t.To.ID], Lots: lots[t.ID]})
		}
	}
	return edges
}

// sameMovement tells whether the chase has met a declared transfer again, under
// its own id or as a row of a statement.
func sameMovement(declared, found event.Transfer) bool {
	return declared.ID == found.ID || declared.From.ID == found.From.ID && declared.To.ID == found.To.ID &&
		declared.Amount == found.Amount && declared.At.Equal(found.At) && declared.Serial == found.Serial
}

// FlowTable (资金流向表) keeps the edges that lie on paths from the victims'
// accounts to the frozen account and carry money that is claimed there, in the
// order of level, time and id.
func FlowTable(p Procedure, edges []Edge) ([]event.FlowRow, error) {
	var rows []event.FlowRow
	carrying := make([]Edge, 0, len(edges))
	carried := map[identity.TransferID]money.Fen{}
	for _, e := range edges {
		amount, err := claimed(p, e.Lots)
		if err != nil {
			return nil, err
		}
		if amount > 0 {
			carrying = append(carrying, e)
			carried[e.Transfer.ID] = amount
		}
	}
	reached, latest := downstream(carrying), upstream(p.Account.ID, carrying)
	for _, e := range carrying {
		if reached[e.Transfer.From.ID] && inTime(e, latest) {
			rows = append(rows, event.FlowRow{Level: e.Level, Transfer: e.Transfer, Carried: carried[e.Transfer.ID]})
		}
	}
	slices.SortFunc(rows, func(a, b event.FlowRow) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), a.Transfer.At.Compare(b.Transfer.At), strings.Compare(string(a.Transfer.ID), string(b.Transfer.ID)))
	})
	for n := range rows {
		rows[n].Seq = n + 1
	}
	return rows, nil
}

// claimed is how much of the lots is money that is claimed in the procedure.
func claimed(p Procedure, lots []event.Lot) (money.Fen, error) {
	var sum money.Fen
	for _, l := range lots {
		if l.Case != p.Case || p.claim(l.Victim, l.Transfer) < 0 {
			continue
		}
		var err error
		if sum, err = sum.Add(l.Amount); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

// downstream finds the accounts that can be reached from the victims' own.
func downstream(edges []Edge) map[identity.AccountID]bool {
	reached := map[identity.AccountID]bool{}
	for again := true; again; {
		again = false
		for _, e := range edges {
			from, to := e.Transfer.From.ID, e.Transfer.To.ID
			if (e.Declared || reached[from]) && (!reached[from] || !reached[to]) {
				reached[from], reached[to], again = true, true, true
			}
		}
	}
	return reached
}

// upstream finds the accounts from which the frozen one can be reached, each
// with the latest moment at which money had to be there to reach it.
func upstream(frozen identity.AccountID, edges []Edge) map[identity.AccountID]time.Time {
	latest := map[identity.AccountID]time.Time{frozen: {}} // the zero time: any moment
	for again := true; again; {
		again = false
		for _, e := range edges {
			if e.Transfer.From.ID == frozen || !inTime(e, latest) {
				continue
			}
			if known, ok := latest[e.Transfer.From.ID]; !ok || e.Transfer.At.After(known) {
				latest[e.Transfer.From.ID], again = e.Transfer.At, true
			}
		}
	}
	return latest
}

// inTime tells whether a transfer came early enough to go on to the frozen
// account. Victims remember their times roughly, so that theirs are not held
// against them.
func inTime(e Edge, latest map[identity.AccountID]time.Time) bool {
	at, ok := latest[e.Transfer.To.ID]
	return ok && (e.Declared || at.IsZero() || !e.Transfer.At.After(at))
}
