package flow

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Histories are the events that a picture is made of, as known at its instant.
type Histories struct {
	Pursuit  []event.PursuitEvent
	Accounts map[identity.AccountID][]event.AccountEvent
	Rows     Rows
}

// Rows (流水印证) is the one rule by which rows and transfers are the same movement:
// that of the ledger.
type Rows interface {
	// Shown are the rows of an account's statement that show movements, by their names:
	// in, out, and all that its ledger knows.
	Shown(account []event.AccountEvent, in, out []event.Transfer) (credits, debits map[identity.TransferID]event.Row)
	// Confirmed tells which of the transfers from an account that an officer has named
	// its bank has shown.
	Confirmed(named, shown []event.Transfer) []bool
	// Same tells whether two transfers, each by somebody's word, are one movement.
	Same(a, b event.Transfer) bool
}

// Accounts lists the accounts that a chase has met, in the order of the chase:
// those whose histories [Build] wants.
func Accounts(chase []event.PursuitEvent) []identity.AccountID {
	seen := map[identity.AccountID]bool{}
	var ids []identity.AccountID
	for _, e := range chase {
		if found, ok := e.(event.DownstreamAccountFound); ok && !seen[found.Account.ID] {
			seen[found.Account.ID] = true
			ids = append(ids, found.Account.ID)
		}
	}
	return ids
}

// builder gathers the picture.
type builder struct {
	graph     Graph
	rows      Rows
	histories map[identity.AccountID]*history
	nodes     map[string]*Node
	edges     map[string]*Edge
	met       map[identity.AccountID]met
}

// met is an account as the chase has it.
type met struct {
	ref      event.Account
	level    int
	withheld string
	order    identity.OrderID
}

// Build makes the picture of a case as known at an instant. It takes what the
// chase calls the victims' own transfers, and from there on what the accounts'
// attributions say has gone on, so that money is neither lost nor counted twice
// even while banks are still answering.
func Build(at time.Time, in Histories) Graph {
	b := builder{
		graph: Graph{At: at}, rows: in.Rows, histories: map[identity.AccountID]*history{}, nodes: map[string]*Node{}, edges: map[string]*Edge{},
		met: map[identity.AccountID]met{},
	}
	for id, events := range in.Accounts {
		b.histories[id] = fold(events)
	}
	for _, e := range in.Pursuit {
		b.chase(e)
	}
	for _, id := range slices.Sorted(maps.Keys(b.met)) {
		b.account(b.met[id].ref, b.met[id].level)
	}
	b.flows()
	b.sums()
	return b.finish()
}

// chase takes in one event of the chase.
func (b *builder) chase(e event.PursuitEvent) {
	switch e := any(e).(type) {
	case event.PursuitOpened:
		b.graph.Case, b.graph.ReportedAt = e.Case, e.ReportedAt
	case event.FreezeProposed:
		b.graph.CaseNo = e.CaseNo
	case event.DownstreamAccountFound:
		level := e.Level
		if before, known := b.met[e.Account.ID]; known {
			level = min(level, before.level)
		}
		b.met[e.Account.ID] = met{ref: e.Account, level: level, withheld: e.Withheld, order: e.Order}
		b.source(e.Source, e.Lots, e.Manual)
	case event.OrderRefused:
		if m := b.met[e.Account]; m.order == e.Order {
			m.withheld = e.Withheld
			b.met[e.Account] = m
		}
	case event.TransferTraced:
		b.source(e.Source, e.Lots, false)
	}
}

// source notes a transfer that the chase itself knows: one that a victim has
// declared, or that an officer has named. What accounts pass on is told by them.
func (b *builder) source(t event.Transfer, lots []event.Lot, manual bool) {
	if t.ID == "" {
		return
	}
	own, sum := of(b.graph.Case, lots)
	declared := slices.ContainsFunc(own, func(l event.Lot) bool { return l.Transfer == t.ID })
	before, known := b.edges[string(t.ID)]
	switch {
	case declared, known && before.Declared:
		b.edges[string(t.ID)] = &Edge{ID: t.ID, Transfer: t, Carried: sum, Lots: own, Declared: true}
	case manual && !b.drawn(t): // another order may follow the same movement
		b.edges[string(t.ID)] = &Edge{ID: t.ID, Transfer: t, Manual: true}
	}
}

// drawn tells whether an officer has named a movement before.
func (b *builder) drawn(t event.Transfer) bool {
	for _, e := range b.edges {
		if e.Manual && b.rows.Same(e.Transfer, t) {
			return true
		}
	}
	return false
}

// account makes sure that an account has its node.
func (b *builder) account(ref event.Account, level int) *Node {
	id := string(ref.ID)
	n, known := b.nodes[id]
	if !known {
		_, chased := b.met[ref.ID]
		n = &Node{ID: id, Kind: Account, Ref: ref, Level: level, Chased: chased}
		b.nodes[id] = n
	}
	if n.Ref.Holder.Empty() && !ref.Holder.Empty() {
		n.Ref.Holder = ref.Holder // a later row may name whom an earlier one did not
	}
	return n
}

// flows draws every movement, and sets the nodes that it leads to.
func (b *builder) flows() {
	named := map[identity.AccountID][]event.Transfer{}
	for _, id := range slices.Sorted(maps.Keys(b.edges)) {
		to := b.edges[id].Transfer.To.ID
		named[to] = append(named[to], b.edges[id].Transfer)
	}
	for id, h := range b.histories {
		h.show(b.rows, named[id])
	}
	for _, id := range slices.Sorted(maps.Keys(b.edges)) {
		e := b.edges[id]
		from, known := b.nodes[string(e.Transfer.From.ID)]
		if e.Declared || !known {
			from = b.victim(e.Transfer.From)
		}
		to := b.account(e.Transfer.To, from.Level+1)
		e.From, e.To = from.ID, to.ID
		if h := b.histories[e.Transfer.To.ID]; h != nil {
			e.Evidence = h.evidence(e.ID, true)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.histories)) {
		from, known := b.nodes[string(id)]
		if !known {
			continue
		}
		for _, out := range b.histories[id].outflows {
			b.outflow(from, b.histories[id], out)
		}
	}
	b.confirmed()
}

// confirmed drops what an officer has named once a bank's rows show the same
// movement.
func (b *builder) confirmed() {
	shown, named := map[string][]event.Transfer{}, map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(b.edges)) {
		if e := b.edges[key]; e.Manual {
			named[e.From] = append(named[e.From], key)
		} else {
			shown[e.From] = append(shown[e.From], e.Transfer)
		}
	}
	for from, keys := range named {
		said := make([]event.Transfer, len(keys))
		for n, key := range keys {
			said[n] = b.edges[key].Transfer
		}
		for n, yes := range b.rows.Confirmed(said, shown[from]) {
			if yes {
				delete(b.edges, keys[n])
			}
		}
	}
}

func (b *builder) victim(ref event.Account) *Node {
	id := "victim-" + string(ref.ID)
	n, known := b.nodes[id]
	if !known {
		n = &Node{ID: id, Kind: Victim, Ref: ref}
		b.nodes[id] = n
	}
	return n
}

func (b *builder) outflow(from *Node, h *history, out event.Outflow) {
	own, sum := of(b.graph.Case, out.Lots)
	if sum <= 0 {
		return
	}
	e := &Edge{ID: out.Transfer.ID, From: from.ID, Transfer: out.Transfer, Carried: sum, Lots: own, Cash: out.Cash}
	e.Evidence = h.evidence(out.Transfer.ID, false)
	switch {
	case out.Transfer.To.ID != "":
		e.To = b.account(out.Transfer.To, from.Level+1).ID
	case out.Cash && !transfer(e.Evidence):
		e.To = b.sink(Cash, from.Level+1).ID
	default:
		e.To, e.Cash = b.sink(Unknown, from.Level+1).ID, false
	}
	if e.Evidence != nil {
		after := e.Evidence.Row.Balance
		e.After = &after
	}
	b.edges["out-"+from.ID+"-"+string(out.Transfer.ID)] = e
}

// transfer tells whether the bank calls a row without a counterparty a transfer:
// then it is not cash, but nobody knows where it went.
func transfer(e *Evidence) bool { return e != nil && e.Row.Kind == "transfer" }

// sink is the place at a level where money of one kind ends.
func (b *builder) sink(kind NodeKind, level int) *Node {
	id := string(kind) + "-" + strconv.Itoa(level)
	n, known := b.nodes[id]
	if !known {
		n = &Node{ID: id, Kind: kind, Level: level}
		b.nodes[id] = n
	}
	return n
}

// sums adds up what reached and what left every node, and says where the rest
// of it is.
func (b *builder) sums() {
	for _, key := range slices.Sorted(maps.Keys(b.edges)) {
		e := b.edges[key]
		b.nodes[e.From].Left += e.Carried
		b.nodes[e.To].In += e.Carried
		if e.Declared {
			b.graph.Totals.Reported += e.Carried
		}
	}
	for _, n := range b.nodes {
		if n.Kind == Victim {
			continue
		}
		n.Here = n.In - n.Left
		b.place(n)
	}
}

// finish orders everything and adds up the whole.
func (b *builder) finish() Graph {
	g, total := b.graph, &b.graph.Totals
	shares := map[Where]money.Fen{}
	banks := map[identity.BankCode]bool{}
	for _, n := range b.nodes {
		g.Nodes = append(g.Nodes, *n)
		for _, s := range n.Shares {
			shares[s.Where] += s.Amount
			if s.Where.Escaped() {
				total.Escaped += s.Amount
			}
		}
		if n.Kind != Account {
			continue
		}
		total.Accounts++
		banks[n.Ref.Bank] = true
		total.Attributable += n.Held
		total.Stopped += n.Stopped
		total.Frozen += n.Frozen
		total.Levels = max(total.Levels, n.Level)
	}
	for _, e := range b.edges {
		g.Edges = append(g.Edges, *e)
		if e.Carried > 0 {
			total.Transfers++
		}
		if h := b.histories[e.Transfer.To.ID]; e.Declared && h != nil && e.Evidence != nil {
			total.Traced += e.Carried
		}
	}
	total.Shares, total.Banks = inOrder(shares), len(banks)
	g.Totals = *total
	slices.SortFunc(g.Nodes, func(a, b Node) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(b.In, a.In), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(g.Edges, func(a, b Edge) int {
		return cmp.Or(a.Transfer.At.Compare(b.Transfer.At), cmp.Compare(a.From, b.From), cmp.Compare(a.ID, b.ID))
	})
	return g
}

// inOrder lists what is not nothing, in the order in which places are told.
func inOrder(amounts map[Where]money.Fen) []Share {
	shares := []Share{}
	for _, w := range Everywhere() {
		if amounts[w] != 0 {
			shares = append(shares, Share{w, amounts[w]})
		}
	}
	return shares
}
