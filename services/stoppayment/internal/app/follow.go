package app

import (
	"maps"
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/seal"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// traceBytes is how much of the log one part of a trace takes at the most, as
// far as can be told beforehand. A node takes a mebibyte in one append; and the
// orders of the first part are on their way while the second is written.
const traceBytes = 128 << 10

// follow goes one hop on: it tells every case that has, or had, money on the
// account where all of it went.
func follow(source react.Source, e event.FundsAttributed) []Intent {
	byCase := map[identity.CaseID][]domain.TracedTransfer{identity.CaseID(source.Meta.Correlation): nil}
	for _, l := range e.Reached {
		byCase[l.Case] = nil
	}
	for _, former := range e.FormerCases {
		byCase[former] = nil // none of its money is here any more, nor went on from here
	}
	shareOut(byCase, e.Outflows)
	names := e.Names
	if len(names) == 0 {
		for _, out := range e.Outflows {
			names = append(names, out.Transfer.ID)
		}
	}
	return traces(source, e.Revision, byCase, 1, e.Parts > 1, names)
}

// followOn follows the further outflows of an attribution that came in parts.
func followOn(source react.Source, e event.OutflowsAttributed) []Intent {
	byCase := map[identity.CaseID][]domain.TracedTransfer{}
	shareOut(byCase, e.Outflows)
	return traces(source, e.Revision, byCase, e.Part, true, nil)
}

// shareOut gives each case the outflows that carry its money.
func shareOut(byCase map[identity.CaseID][]domain.TracedTransfer, outflows []event.Outflow) {
	for _, out := range outflows {
		if out.Cash || out.Transfer.To.ID == "" {
			continue // it has left the banks, or nobody knows where it went
		}
		seen := map[identity.CaseID]bool{}
		for _, l := range out.Lots {
			if !seen[l.Case] {
				seen[l.Case] = true
				byCase[l.Case] = append(byCase[l.Case], domain.TracedTransfer{Transfer: out.Transfer, Lots: out.Lots})
			}
		}
	}
}

// traces makes the commands to the chases, in parts that an append can hold.
func traces(source react.Source, revision int, byCase map[identity.CaseID][]domain.TracedTransfer, part int, parted bool, names []identity.TransferID) []Intent {
	intents := make([]Intent, 0, len(byCase))
	for _, id := range slices.Sorted(maps.Keys(byCase)) {
		chunks := chunked(byCase[id])
		for n, chunk := range chunks {
			t := domain.Trace{From: identity.AccountID(source.Key), Revision: revision, Transfers: chunk}
			if parted || len(chunks) > 1 {
				if t.Part = part + n; t.Part == 1 {
					t.Names = names
				}
			}
			intents = append(intents, Intent{Pursuit: id, Chase: t})
		}
	}
	return intents
}

// chunked cuts transfers into parts; there is always one.
func chunked(transfers []domain.TracedTransfer) [][]domain.TracedTransfer {
	var chunks [][]domain.TracedTransfer
	size, from := 0, 0
	for n, t := range transfers {
		next := stored(t)
		if size+next > traceBytes && n > from {
			chunks, size, from = append(chunks, transfers[from:n:n]), 0, n
		}
		size += next
	}
	return append(chunks, transfers[from:len(transfers):len(transfers)])
}

// stored is about what an account that was found takes in the log, in bytes: the
// account, both sides of the transfer, whose money it is, and the metadata.
func stored(t domain.TracedTransfer) int {
	const bare, lot = 1500, 160
	return bare + lot*len(t.Lots) + sealed(t.Transfer.From) + 2*sealed(t.Transfer.To)
}

func sealed(a event.Account) int {
	const bare = 150
	box := func(b seal.Box) int { return bare + len(b.Subject) + (len(b.Nonce)+len(b.Cipher))*4/3 }
	return bare + box(a.Number) + box(a.Holder)
}
