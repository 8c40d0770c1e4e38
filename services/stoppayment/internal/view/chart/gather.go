package chart

import (
	"cmp"
	"slices"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

const (
	// mostShown is how many accounts a picture shows one by one before the
	// smaller ones of a bank are put together.
	mostShown = 110
	// mostOfLevel is how many of one level are then still shown one by one.
	mostOfLevel = 18
)

// box is one node of the drawing: an account, a sink, or several accounts of
// one bank at one level.
type box struct {
	id       string
	node     flow.Node // of one; of several, their sums
	members  int       // 1, or how many are put together
	x, y     int       // top left
	w, h     int
	rank     int // column
	compact  bool
	left     []*link // attached to the left side, top to bottom
	right    []*link
	controls map[flow.Where]int           // of several: how many are held where
	kinds    map[identity.AccountKind]int // of several: how many are not a person's or a firm's
	card     *card                        // on paper
}

// link is all movements between two boxes.
type link struct {
	id       string
	from, to *box
	carried  money.Fen
	edges    []flow.Edge
	via      []*dummy // where it passes the columns in between
	y1, y2   int      // where it leaves and arrives
}

// back tells whether the money went against the levels, or stayed on one (回流).
func (l *link) back() bool { return l.to.rank <= l.from.rank }

// gather turns nodes into boxes and movements into links.
func gather(in Input) ([]*box, []*link) {
	of := map[string]*box{}
	var boxes []*box
	for _, n := range in.Graph.Nodes {
		if together(in, n) {
			continue
		}
		b := &box{id: n.ID, node: n, members: 1}
		of[n.ID], boxes = b, append(boxes, b)
	}
	boxes = append(boxes, groups(in, of)...)
	links := map[[2]string]*link{}
	var ordered []*link
	for _, e := range in.Graph.Edges {
		from, to := of[e.From], of[e.To]
		if from == to {
			continue // to itself, or among those put together: it changes nothing here
		}
		key := [2]string{from.id, to.id}
		l, known := links[key]
		if !known {
			l = &link{id: from.id + ">" + to.id, from: from, to: to}
			links[key], ordered = l, append(ordered, l)
		}
		l.carried += e.Carried
		l.edges = append(l.edges, e)
	}
	return boxes, ordered
}

// together tells whether an account is not shown by itself. Nodes of a level
// are in order, the largest first.
func together(in Input, n flow.Node) bool {
	if in.All || n.Kind != flow.Account || in.Graph.Totals.Accounts <= mostShown {
		return false
	}
	place := 0
	for _, o := range in.Graph.Nodes {
		if o.Level == n.Level && o.Kind == flow.Account {
			if o.ID == n.ID {
				break
			}
			place++
		}
	}
	return place >= mostOfLevel
}

// groups puts the smaller accounts of each bank at each level together.
func groups(in Input, of map[string]*box) []*box {
	type key struct {
		level int
		bank  identity.BankCode
	}
	found := map[key]*box{}
	var boxes []*box
	for _, n := range in.Graph.Nodes {
		if of[n.ID] != nil {
			continue
		}
		k := key{n.Level, n.Ref.Bank}
		b, known := found[k]
		if !known {
			first := n
			first.Shares, first.Prior, first.Measures = slices.Clone(n.Shares), nil, nil
			b = &box{id: "group-" + string(k.bank) + "-" + n.ID, node: first, members: 0, controls: map[flow.Where]int{}, kinds: map[identity.AccountKind]int{}}
			b.node.ID = b.id
			b.node.In, b.node.Left, b.node.Here, b.node.Held, b.node.Shares = 0, 0, 0, 0, nil
			found[k], boxes = b, append(boxes, b)
		}
		b.add(n)
		of[n.ID] = b
	}
	for n, b := range boxes {
		if b.members == 1 { // alone of its bank: shown by itself after all
			boxes[n].alone(in, of)
		}
	}
	slices.SortStableFunc(boxes, func(a, b *box) int {
		return cmp.Or(cmp.Compare(a.node.Level, b.node.Level), cmp.Compare(b.node.In, a.node.In))
	})
	return boxes
}

// alone makes a group of one the account that it is.
func (b *box) alone(in Input, of map[string]*box) {
	for _, n := range in.Graph.Nodes {
		if of[n.ID] == b {
			b.id, b.node, b.controls, b.kinds = n.ID, n, nil, nil
			return
		}
	}
}

func (b *box) add(n flow.Node) {
	b.members++
	b.node.In += n.In
	b.node.Left += n.Left
	b.node.Here += n.Here
	b.node.Held += n.Held
	b.controls[state(n)]++
	if !ordinary(n.Ref.Kind) {
		b.kinds[n.Ref.Kind]++
	}
	for _, s := range n.Shares {
		i := slices.IndexFunc(b.node.Shares, func(o flow.Share) bool { return o.Where == s.Where })
		if i < 0 {
			b.node.Shares = append(b.node.Shares, s)
			continue
		}
		b.node.Shares[i].Amount += s.Amount
	}
	order := flow.Everywhere()
	slices.SortFunc(b.node.Shares, func(x, y flow.Share) int {
		return cmp.Compare(slices.Index(order, x.Where), slices.Index(order, y.Where))
	})
}

// passed stands for an account that holds nothing of the case and that nothing
// of the case restrains: the money went through.
const passed flow.Where = "passed"

// state is what the sign of a node tells. Money that is free to leave comes
// first: that is where someone has to act.
func state(n flow.Node) flow.Where {
	for _, w := range []flow.Where{
		flow.CashedOut, flow.Untraceable, flow.Unstopped, flow.Withheld, flow.BeyondLevel, flow.UnderMinimum, flow.Pending,
	} {
		if n.Share(w) > 0 {
			return w
		}
	}
	if _, frozen := n.InForce(flow.Freeze); frozen {
		return flow.Frozen
	}
	if _, stopped := n.InForce(flow.Stop); stopped {
		return flow.Stopped
	}
	for _, s := range n.Shares {
		if s.Amount > 0 {
			return s.Where
		}
	}
	return passed
}
