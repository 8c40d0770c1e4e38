package player

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
	"github.com/yuanlu/yuanlu/services/banksim/internal/holder"
	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// pursuit is what the city shows of a chase.
type pursuit struct {
	Open     int `json:"open"`
	Accounts []struct {
		State        string `json:"state"`
		Freeze       string `json:"freeze"`
		Attributable int64  `json:"attributableFen"`
		Frozen       int64  `json:"frozenFen"`
	} `json:"accounts"`
}

// reader is who looks: any officer may.
func (p *Player) reader() *city.Caller { return p.callers[p.options.Scenario.Officers[0].ID.Name] }

func (p *Player) pursuit(ctx context.Context, caseID string) (pursuit, error) {
	var out pursuit
	err := p.reader().Get(ctx, "/v1/pursuits/"+caseID, &out)
	if city.Refused(err, http.StatusNotFound) {
		return pursuit{}, nil // not opened yet
	}
	return out, err
}

// quiet is how long nothing may have changed before open orders are taken for
// ones that stay open.
const quiet = 3 * time.Second

// awaitChase waits until the chase is at rest: seen so twice in a row, with no
// account more the second time.
func (p *Player) awaitChase(ctx context.Context, a scenario.AwaitChase) error {
	within := a.Within.Duration
	if within <= 0 {
		within = time.Minute
	}
	var last pursuit
	var since time.Time // of the first look that saw it as it is
	err := p.await(ctx, within, "the chase to come to rest", func(ctx context.Context) (bool, error) {
		now, err := p.pursuit(ctx, p.cases[a.Case.Name])
		if err != nil {
			return false, err
		}
		same := now.Open == last.Open && len(now.Accounts) == len(last.Accounts)
		if last = now; !same {
			since = time.Now()
			return false, nil
		}
		rests := now.Open == 0 || (now.Open <= a.StayOpen && time.Since(since) > quiet)
		return rests && len(now.Accounts) > 0, nil
	})
	if errors.Is(err, errWaited) {
		return fmt.Errorf("%w: %d accounts are found, %d orders or transfers are open", err, len(last.Accounts), last.Open)
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	m := *p.measured[a.Case.Name]
	p.mu.Unlock()
	p.say("追踪完成 the chase is at rest: %d accounts; first order after %d ms, last answer after %d ms",
		len(last.Accounts), m.FirstOrder.Milliseconds(), m.Chase.Milliseconds())
	return nil
}

// freeze approves the freeze of all accounts of a case and waits for the banks.
func (p *Player) freeze(ctx context.Context, key string, a scenario.Freeze) error {
	months := a.Months
	if months == 0 {
		months = 6
	}
	id := p.cases[a.Case.Name]
	number := holder.Source(p.story.Seed, p.salt, "freeze notice of "+a.Case.Name).IntN(1_000_000)
	body := struct {
		NoticeNo     string `json:"noticeNo"`
		TermMonths   int    `json:"termMonths"`
		Operator     second `json:"operator"`
		Investigator second `json:"investigator"`
	}{fmt.Sprintf("公刑冻字〔%s〕%06d号", yearOf(p.clock.Now()), number), months, p.second(a.Operator), p.second(a.Investigator)}
	var out struct {
		Targets []struct{} `json:"targets"`
	}
	if err := p.command(ctx, a.By, "/v1/pursuits/"+id+"/freeze", key, body, &out); err != nil {
		return err
	}
	var last pursuit
	err := p.await(ctx, time.Minute, "the banks to freeze", func(ctx context.Context) (bool, error) {
		var err error
		last, err = p.pursuit(ctx, id)
		return err == nil && last.answered() >= len(out.Targets), err
	})
	if errors.Is(err, errWaited) {
		return fmt.Errorf("%w: %d of %d are answered", err, last.answered(), len(out.Targets))
	}
	if err != nil {
		return err
	}
	p.say("冻结 frozen: %d of %d accounts", last.frozen(), len(out.Targets))
	return nil
}

// answered counts the freezes that have a final answer; a queued one (轮候) has
// the only answer it will get for now.
func (x pursuit) answered() (n int) {
	for _, a := range x.Accounts {
		switch a.Freeze {
		case "", "waiting", "approved", "sent":
		default:
			n++
		}
	}
	return n
}

func (x pursuit) frozen() (n int) {
	for _, a := range x.Accounts {
		if a.Freeze == "executed" {
			n++
		}
	}
	return n
}

// owed counts the frozen accounts with a victim's money: as many refund
// procedures are to open.
func (x pursuit) owed() (n int) {
	for _, a := range x.Accounts {
		if a.Frozen > 0 && a.Attributable > 0 {
			n++
		}
	}
	return n
}
