package rest

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// ledgerRoutes are the paths of the money ledger, of queries and of answers.
func (a API) ledgerRoutes(api huma.API, op func(method, path, id, summary string, status int) huma.Operation) {
	large := op("POST", "/v1/bank/orders/{order}/answer", "answer-order", "反馈 Answer an order", http.StatusOK)
	large.MaxBodyBytes = answerBytes
	huma.Register(api, large, a.answer)
	huma.Register(api, op("GET", "/v1/accounts/{account}/attributions", "list-attributions", "权属认定 Whose money it is: the revisions and what each has changed", http.StatusOK), a.attributions)
	huma.Register(api, op("POST", "/v1/accounts/{account}/attributions/method", "choose-attribution-method", "选定认定方法 Choose the method of attribution", http.StatusOK), a.method)
	huma.Register(api, op("POST", "/v1/accounts/{account}/attributions/proposals", "propose-attribution", "提出人工认定 Say by hand whose money it is", http.StatusCreated), a.propose)
	huma.Register(api, op("POST", "/v1/accounts/{account}/attributions/proposals/{proposal}/confirmation", "confirm-attribution", "确认人工认定 Sign as the second officer", http.StatusOK), a.confirm)
	huma.Register(api, op("POST", "/v1/accounts/{account}/attributions/proposals/{proposal}/rejection", "reject-attribution", "驳回人工认定 Refuse to sign", http.StatusOK), a.refuse)
	huma.Register(api, op("POST", "/v1/accounts/{account}/queries", "query-account", "账户查询 Ask the account's bank", http.StatusCreated), a.query)
	huma.Register(api, op("GET", "/v1/accounts/{account}/queries", "list-queries", "查询及反馈 What was asked and answered", http.StatusOK), a.queries)
}

// ownerChange is what of one owner's money has come, is held and has left, before
// a revision and after it.
type ownerChange struct {
	Case     identity.CaseID     `json:"case,omitempty" doc:"absent: of no known owner"`
	Victim   identity.PartyID    `json:"victim,omitempty"`
	Transfer identity.TransferID `json:"transfer,omitempty"`
	Reached  change              `json:"reached"`
	Held     change              `json:"held"`
	Left     change              `json:"left"`
}

type change struct {
	Before money.Fen `json:"beforeFen"`
	After  money.Fen `json:"afterFen"`
}

// outflowChange is what of victims' money one outflow carries.
type outflowChange struct {
	Transfer identity.TransferID `json:"transfer"`
	To       identity.AccountID  `json:"to,omitempty" doc:"absent: cash, or not known"`
	Carried  change              `json:"carried"`
}

type revisionRow struct {
	Revision int                `json:"revision"`
	At       time.Time          `json:"at" doc:"when it was recorded"`
	Method   event.Method       `json:"method"`
	Exact    bool               `json:"exact" doc:"一一对应: every debit of a victim's money matches its credits"`
	Manual   *event.ManualBasis `json:"manual,omitempty"`
	Balance  change             `json:"balance"`
	Owners   []ownerChange      `json:"owners" doc:"whose amounts have changed"`
	Outflows []outflowChange    `json:"outflows" doc:"that carry another amount, the largest 200"`
	Changed  int                `json:"changedOutflows"`
}

type attributionsOutput struct {
	service.Answer
	Body struct {
		Stopped    money.Fen                         `json:"stoppedFen" doc:"止付金额: what banks hold under stops in force"`
		Attributed money.Fen                         `json:"attributableFen" doc:"权属金额: of it the known victims'"`
		Frozen     money.Fen                         `json:"frozenFen" doc:"冻结金额: what is frozen, less what was returned"`
		Chosen     []event.AttributionMethodChosen   `json:"chosenMethods"`
		Proposals  []event.ManualAttributionProposed `json:"proposals" doc:"by hand, awaiting a second signature"`
		Revisions  []revisionRow                     `json:"revisions"`
	}
}

// attributions lists the revisions of whose money is where, and what each has
// changed.
func (a API) attributions(ctx context.Context, in *accountInput) (*attributionsOutput, error) {
	if _, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator, access.Auditor); err != nil {
		return nil, err
	}
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	if past.Revision < 0 {
		return nil, domain.ErrNoAccount
	}
	out := &attributionsOutput{Answer: service.Answered(past.Revision, false)}
	s := past.State
	out.Body.Stopped, out.Body.Frozen = s.StoppedAmount(), s.Frozen.Remaining
	for _, l := range s.Attribution.Held {
		if l.Known() {
			out.Body.Attributed += l.Amount
		}
	}
	out.Body.Chosen, out.Body.Proposals = append([]event.AttributionMethodChosen{}, s.Chosen...), append([]event.ManualAttributionProposed{}, s.Proposals...)
	out.Body.Revisions = []revisionRow{}
	var all []event.FundsAttributed
	var at []time.Time
	for n, e := range past.Events {
		switch e := any(e).(type) {
		case event.FundsAttributed:
			all, at = append(all, e), append(at, past.Metas[n].RecordedAt)
		case event.OutflowsAttributed:
			if last := len(all) - 1; last >= 0 && all[last].Revision == e.Revision {
				all[last].Outflows = append(slices.Clip(all[last].Outflows), e.Outflows...)
			}
		}
	}
	before := event.FundsAttributed{}
	for n, f := range all {
		out.Body.Revisions = append(out.Body.Revisions, revised(before, f, at[n]))
		before = f
	}
	return out, nil
}

// maxOutflows bounds how many outflows are listed with one revision.
const maxOutflows = 200

// revised tells what a revision has changed.
func revised(before, after event.FundsAttributed, at time.Time) revisionRow {
	row := revisionRow{
		Revision: after.Revision, At: at, Method: after.Method, Exact: after.Exact, Manual: after.Manual,
		Balance: change{before.Balance, after.Balance}, Owners: []ownerChange{}, Outflows: []outflowChange{},
	}
	owners := ledgers{}
	owners.note(before, func(c *change, f money.Fen) { c.Before += f })
	owners.note(after, func(c *change, f money.Fen) { c.After += f })
	for _, o := range owners.list {
		if o.Reached.moved() || o.Held.moved() || o.Left.moved() {
			row.Owners = append(row.Owners, *o)
		}
	}
	place, changes := map[identity.TransferID]int{}, []outflowChange{}
	note := func(outflows []event.Outflow, put func(*change, money.Fen)) {
		for _, out := range outflows {
			n, there := place[out.Transfer.ID]
			if !there {
				n = len(changes)
				place[out.Transfer.ID] = n
				changes = append(changes, outflowChange{Transfer: out.Transfer.ID, To: out.Transfer.To.ID})
			}
			for _, l := range out.Lots {
				put(&changes[n].Carried, l.Amount)
			}
		}
	}
	note(before.Outflows, func(c *change, f money.Fen) { c.Before += f })
	note(after.Outflows, func(c *change, f money.Fen) { c.After += f })
	changes = slices.DeleteFunc(changes, func(c outflowChange) bool { return !c.Carried.moved() })
	slices.SortStableFunc(changes, func(a, b outflowChange) int { return int(min(max(b.Carried.size()-a.Carried.size(), -1), 1)) })
	row.Changed = len(changes)
	row.Outflows = append(row.Outflows, changes[:min(len(changes), maxOutflows)]...)
	return row
}

func (c change) moved() bool { return c.Before != c.After }

func (c change) size() money.Fen { return max(c.After-c.Before, c.Before-c.After) }

// ledgers are the amounts of each owner, in order of first appearance.
type ledgers struct {
	place map[event.Lot]*ownerChange
	list  []*ownerChange
}

func (o *ledgers) of(l event.Lot) *ownerChange {
	l.Amount = 0
	if o.place == nil {
		o.place = map[event.Lot]*ownerChange{}
	}
	if o.place[l] == nil {
		o.place[l] = &ownerChange{Case: l.Case, Victim: l.Victim, Transfer: l.Transfer}
		o.list = append(o.list, o.place[l])
	}
	return o.place[l]
}

func (o *ledgers) note(f event.FundsAttributed, put func(*change, money.Fen)) {
	for _, l := range f.Reached {
		put(&o.of(l).Reached, l.Amount)
	}
	for _, l := range f.Held {
		put(&o.of(l).Held, l.Amount)
	}
	for _, l := range f.Left {
		put(&o.of(l).Left, l.Amount)
	}
}
