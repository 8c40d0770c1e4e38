package player

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
	"github.com/yuanlu/yuanlu/services/banksim/internal/stage"
	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// Figures (案件金额) are the amounts of one case in fen as the city tells them.
type Figures struct {
	Case               string    `json:"case"`
	Reported           money.Fen `json:"reportedFen"`
	AccountsRestrained int       `json:"accountsRestrained"`
	Banks              int       `json:"banks"`
	Levels             int       `json:"levels"`
	Stopped            money.Fen `json:"stoppedFen"`
	StoppedLevel1      money.Fen `json:"stoppedLevel1Fen"`
	Attributable       money.Fen `json:"attributableFen"`
	Frozen             money.Fen `json:"frozenFen"`
	Returned           money.Fen `json:"returnedFen"`
	RemainingFrozen    money.Fen `json:"remainingFrozenFen"`
}

// Measures tell how fast the chase of a case was, in real time from the moment
// the report was sent.
type Measures struct {
	FirstOrder time.Duration // until a bank saw the first order
	Chase      time.Duration // until the city took the last answer to a stop

	began time.Time
}

func (m *Measures) seen(now time.Time) {
	if m.FirstOrder == 0 {
		m.FirstOrder = now.Sub(m.began)
	}
}

func (m *Measures) answered(now time.Time) { m.Chase = now.Sub(m.began) }

func (p *Player) measure(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.measured[name] == nil {
		p.measured[name] = &Measures{began: time.Now()}
	}
}

// Outcome is one case with what the city, the banks and the scenario say of it.
type Outcome struct {
	Report   string // id in the scenario
	Figures  Figures
	Measures Measures
	Arrived  money.Fen // returned to the victim's accounts, as the banks say
	Refunded bool      // the scenario has its money returned

	want    *Figures // nil if the scenario says nothing for this seed
	settled bool     // every freeze was carried out
	gang    bool     // launderers were at work while the city was
}

// Result is what came of a play.
type Result struct {
	Outcomes []Outcome
	// Made and Refused count the payments that were tried after the start;
	// Unforeseen those that went otherwise than the scenario says.
	Made, Refused, Unforeseen int
	// Personal lists all names and numbers of the story.
	Personal []string
}

// result asks for the figures of each case, once they have come to rest.
func (p *Player) result(ctx context.Context) (Result, error) {
	out := Result{Personal: p.story.Personal()}
	out.Made, out.Refused, out.Unforeseen = p.stage.Tally()
	for _, r := range p.options.Scenario.Reports {
		id, filed := p.cases[r.ID.Name]
		if !filed {
			continue
		}
		one := Outcome{Report: r.ID.Name, Measures: *p.measured[r.ID.Name], want: p.expected(r.ID.Name), gang: p.options.Scenario.Gang != nil}
		for _, a := range p.options.Scenario.Acts {
			one.Refunded = one.Refunded || (a.Refund != nil && a.Refund.Case.Name == r.ID.Name)
			one.settled = one.settled || (a.Freeze != nil && a.Freeze.Case.Name == r.ID.Name)
		}
		var err error
		if one.Arrived, err = p.arrived(r); err != nil {
			return Result{}, err
		}
		if one.Figures, err = p.figures(ctx, id, one); err != nil {
			return Result{}, err
		}
		out.Outcomes = append(out.Outcomes, one)
	}
	return out, nil
}

// figures reads what the city has summed up. It follows the log, so that it is
// asked again until what it says is consistent, or for so long that it will not
// become so; whether it is right is not judged here.
func (p *Player) figures(ctx context.Context, id string, one Outcome) (Figures, error) {
	var last, now Figures
	err := p.await(ctx, 5*time.Second, "the figures", func(ctx context.Context) (bool, error) {
		last, now = now, Figures{}
		err := p.reader().Get(ctx, "/v1/figures/"+id, &now)
		if city.Refused(err, http.StatusNotFound) {
			return false, nil
		}
		one.Figures = now
		return err == nil && now == last && one.check() == nil, err
	})
	if errors.Is(err, errWaited) && now.Case != "" {
		err = nil
	}
	if err != nil {
		return Figures{}, fmt.Errorf("figures: %w", err)
	}
	return now, nil
}

// expected are the figures that the scenario states for its own seed, or else
// those that the drawn plan of the gang comes to.
func (p *Player) expected(report string) *Figures {
	own := p.story.Seed == p.options.Scenario.Seed
	for _, e := range p.options.Scenario.Expect {
		if own && e.Case.Name == report {
			return &Figures{
				Reported: e.Reported.Fen, AccountsRestrained: e.Accounts, Banks: e.Banks, Levels: e.Levels, Stopped: e.Stopped.Fen,
				StoppedLevel1: e.StoppedLevel1.Fen, Attributable: e.Attributable.Fen, Frozen: e.Frozen.Fen,
				Returned: e.Returned.Fen, RemainingFrozen: e.RemainingFrozen.Fen,
			}
		}
	}
	l, plan := p.options.Scenario.Laundering, p.story.Planned
	if plan == nil || len(p.options.Scenario.Reports) != 1 || !p.onlyDeclares(report, l.Transfer) {
		return nil
	}
	return &Figures{
		Reported: plan.Reported, AccountsRestrained: plan.Accounts, Banks: plan.Banks, Levels: plan.Levels, Stopped: plan.Stopped,
		StoppedLevel1: plan.StoppedLevel1, Attributable: plan.Attributable, Frozen: plan.Stopped,
		Returned: plan.Attributable, RemainingFrozen: plan.Stopped - plan.Attributable,
	}
}

func (p *Player) onlyDeclares(report string, transfer scenario.Ref) bool {
	r := p.report(scenario.Ref{Name: report})
	return len(r.Transfers) == 1 && r.Transfers[0].Name == transfer.Name
}

// arrived adds up what was returned to the accounts that a victim paid from.
func (p *Player) arrived(r scenario.Report) (money.Fen, error) {
	var sum money.Fen
	seen := map[banknet.Key]bool{}
	for _, ref := range r.Transfers {
		moves, err := p.story.Transfers(ref.Name)
		if err != nil {
			return 0, err
		}
		for _, m := range moves {
			from, err := p.story.Account(m.From)
			if err != nil {
				return 0, err
			}
			key := stage.Key(from)
			if seen[key] {
				continue
			}
			seen[key] = true
			returned, err := p.returned(key)
			if err != nil {
				return 0, err
			}
			sum += returned
		}
	}
	return sum, nil
}

// returned is what was returned to one account.
func (p *Player) returned(key banknet.Key) (money.Fen, error) {
	s, err := p.stage.Network.Statement(key)
	if err != nil {
		return 0, err
	}
	var sum money.Fen
	for _, row := range s.Rows {
		if row.Credit && row.Summary == banknet.Returned {
			sum += row.Amount
		}
	}
	return sum, nil
}
