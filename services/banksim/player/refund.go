package player

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"net/url"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// procedure is one refund procedure as the city lists it.
type procedure struct {
	Procedure string `json:"procedure"`
	State     string `json:"state"`
	Claims    []struct {
		Victim   string `json:"victim"`
		Transfer string `json:"transfer"`
	} `json:"claims"`
}

// sideBySide is how many procedures are worked on at a time.
const sideBySide = 8

// refund carries all procedures of a case through: those that need no public
// notice to their end, the others up to the notice; then the clock moves over
// the thirty days, and the others follow.
func (p *Player) refund(ctx context.Context, key string, a scenario.Refund) error {
	procedures, err := p.awaitProcedures(ctx, p.cases[a.Case.Name])
	if err != nil {
		return err
	}
	r := refunding{Player: p, Refund: a, key: key}
	var mu sync.Mutex
	var noticed []procedure
	err = each(ctx, procedures, func(ctx context.Context, one procedure) error {
		needsNotice, err := r.prepare(ctx, one)
		if err != nil || !needsNotice {
			if err == nil {
				err = r.decide(ctx, one)
			}
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		noticed = append(noticed, one)
		return nil
	})
	if err != nil {
		return err
	}
	p.say("返还 refunds: %d procedures, %d need a public notice", len(procedures), len(noticed))
	if len(noticed) > 0 {
		notice := a.Notice.Duration
		if notice == 0 {
			notice = 31 * 24 * time.Hour
		}
		if err := p.moveClock(ctx, notice); err != nil {
			return err
		}
		if err := each(ctx, noticed, r.decide); err != nil {
			return err
		}
	}
	return p.awaitClosed(ctx, p.cases[a.Case.Name])
}

// awaitProcedures waits until a procedure has opened for each frozen account
// with a victim's money.
func (p *Player) awaitProcedures(ctx context.Context, caseID string) (list []procedure, err error) {
	owed := 0
	err = p.await(ctx, time.Minute, "the refund procedures to open", func(ctx context.Context) (bool, error) {
		chase, err := p.pursuit(ctx, caseID)
		if err != nil {
			return false, err
		}
		owed = chase.owed()
		list, err = p.procedures(ctx, caseID)
		return err == nil && owed > 0 && len(list) >= owed, err
	})
	if errors.Is(err, errWaited) {
		err = fmt.Errorf("%w: %d of %d have opened", err, len(list), owed)
	}
	return list, err
}

func (p *Player) procedures(ctx context.Context, caseID string) ([]procedure, error) {
	var all []procedure
	for cursor := ""; ; {
		query := url.Values{"case": {caseID}, "limit": {"100"}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var page struct {
			Items      []procedure `json:"items"`
			NextCursor string      `json:"nextCursor"`
		}
		if err := p.reader().Get(ctx, "/v1/refunds?"+query.Encode(), &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if cursor = page.NextCursor; cursor == "" || len(page.Items) == 0 {
			return all, nil
		}
	}
}

func (p *Player) awaitClosed(ctx context.Context, caseID string) error {
	closed, all := 0, 0
	err := p.await(ctx, time.Minute, "the banks to pay out", func(ctx context.Context) (bool, error) {
		list, err := p.procedures(ctx, caseID)
		closed, all = 0, len(list)
		for _, one := range list {
			if one.State == "closed" {
				closed++
			}
		}
		return err == nil && closed == all && all > 0, err
	})
	if errors.Is(err, errWaited) {
		return fmt.Errorf("%w: %d of %d are closed", err, closed, all)
	}
	if err == nil {
		p.say("返还办结 refunds closed: %d of %d", closed, all)
	}
	return err
}

// refunding does the steps of one procedure.
type refunding struct {
	*Player
	scenario.Refund
	key string
}

func (r refunding) step(ctx context.Context, one procedure, who scenario.Ref, what string, body, out any) error {
	return r.command(ctx, who, "/v1/refunds/"+one.Procedure+"/"+what, r.key+"-"+what, body, out)
}

// prepare goes up to the plan, and to the public notice where one is needed.
func (r refunding) prepare(ctx context.Context, one procedure) (needsNotice bool, err error) {
	for i, claim := range one.Claims {
		n := fmt.Sprintf("-%d", i)
		told := struct {
			Victim string `json:"victim"`
			Via    string `json:"via"`
		}{claim.Victim, "phone"}
		path := "/v1/refunds/" + one.Procedure
		if err := r.command(ctx, r.By, path+"/victim-notice", r.key+"-victim-notice"+n, told, nil); err != nil {
			return false, err
		}
		applied := struct {
			Victim   string `json:"victim"`
			Transfer string `json:"transfer"`
			Partner  second `json:"partner"`
		}{claim.Victim, claim.Transfer, r.second(r.Partner)}
		if err := r.command(ctx, r.By, path+"/application", r.key+"-application"+n, applied, nil); err != nil {
			return false, err
		}
	}
	checked := struct {
		CheckedBy second `json:"checkedBy"`
	}{r.second(r.Partner)}
	if err := r.step(ctx, one, r.By, "flow-table", checked, nil); err != nil {
		return false, err
	}
	var plan struct {
		NoticeRequired bool `json:"noticeRequired"`
	}
	if err := r.step(ctx, one, r.By, "plan", struct{}{}, &plan); err != nil || !plan.NoticeRequired {
		return false, err
	}
	text := sha256.Sum256([]byte("返还公告 " + one.Procedure))
	posted := struct {
		Medium   string `json:"medium"`
		TextHash string `json:"textHash"`
	}{"police-site", hex.EncodeToString(text[:])}
	return true, r.step(ctx, one, r.By, "public-notice", posted, nil)
}

// decide goes from the report to the notice that two officers take to the bank.
func (r refunding) decide(ctx context.Context, one procedure) error {
	if err := r.step(ctx, one, r.By, "report", struct{}{}, nil); err != nil {
		return err
	}
	decision := struct {
		DecisionNo string `json:"decisionNo"`
	}{fmt.Sprintf("公刑返字〔%s〕%06d号", yearOf(r.clock.Now()), crc32.ChecksumIEEE([]byte(one.Procedure))%1_000_000)}
	if err := r.step(ctx, one, r.Approver, "approval", decision, nil); err != nil {
		return err
	}
	served := struct {
		Officers []second `json:"officers"`
	}{[]second{r.second(r.By), r.second(r.Partner)}}
	return r.step(ctx, one, r.By, "assist-notice", served, nil)
}

// each does something for every procedure, several at a time, until one fails.
func each(ctx context.Context, list []procedure, do func(context.Context, procedure) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	slots := make(chan struct{}, sideBySide)
	var work sync.WaitGroup
	for _, one := range list {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		work.Go(func() {
			defer func() { <-slots }()
			if err := do(ctx, one); err != nil {
				stop(err)
			}
		})
	}
	work.Wait()
	return context.Cause(ctx)
}
