package player

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
	"github.com/yuanlu/yuanlu/services/banksim/internal/holder"
	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// act does one act. The key is the same each time this act is tried, and no
// other act of any play has it.
func (p *Player) act(ctx context.Context, key string, a scenario.Act) error {
	key = p.salt + "-" + key
	switch {
	case a.ApproveInAdvance != nil:
		return p.approveInAdvance(ctx, key, *a.ApproveInAdvance)
	case a.ImportAlert != nil, a.Dispatch != nil, a.Sign != nil, a.Contact != nil, a.FindPaid != nil, a.CloseAlert != nil:
		return p.alert(ctx, key, a)
	case a.FileReport != nil:
		return p.fileReport(ctx, key, *a.FileReport)
	case a.AwaitChase != nil:
		return p.awaitChase(ctx, *a.AwaitChase)
	case a.MoveClock != nil:
		return p.moveClock(ctx, a.MoveClock.Duration)
	case a.ProposeFiling != nil:
		return p.proposeFiling(ctx, key, *a.ProposeFiling)
	case a.FileCase != nil:
		return p.fileCase(ctx, key, *a.FileCase)
	case a.Freeze != nil:
		return p.freeze(ctx, key, *a.Freeze)
	case a.Refund != nil:
		return p.refund(ctx, key, *a.Refund)
	}
	return nil
}

// budget is how long a command may be refused because what it builds on has not
// been heard of yet.
const budget = 30 * time.Second

// command sends a command, and again for a while if it is refused because the
// service has not caught up with what another has said.
func (p *Player) command(ctx context.Context, who scenario.Ref, path, key string, body, out any) error {
	var last error
	err := p.await(ctx, budget, "POST "+path, func(ctx context.Context) (bool, error) {
		last = p.callers[who.Name].Post(ctx, path, key, body, out)
		if city.Refused(last, http.StatusNotFound, http.StatusConflict) {
			return false, nil
		}
		return true, last
	})
	if last != nil && errors.Is(err, errWaited) {
		return fmt.Errorf("POST %s: %w", path, last)
	}
	if err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	return nil
}

var errWaited = errors.New("it took too long")

// await asks until something is so. Time in which the city is away does not
// count: for that the client has patience of its own.
func (p *Player) await(ctx context.Context, within time.Duration, what string, so func(context.Context) (bool, error)) error {
	const pause, longCall = 20 * time.Millisecond, 2 * time.Second
	left := within
	return city.Until(ctx, pause, func(ctx context.Context) (bool, error) {
		began := time.Now()
		ok, err := so(ctx)
		if left -= min(time.Since(began), longCall) + pause; !ok && err == nil && left < 0 {
			return false, fmt.Errorf("%w: %s waited for %s", errWaited, within, what)
		}
		return ok, err
	})
}

func (p *Player) officer(r scenario.Ref) scenario.Officer {
	for _, o := range p.options.Scenario.Officers {
		if o.ID.Name == r.Name {
			return o
		}
	}
	return scenario.Officer{} // the scenario was checked
}

func (p *Player) report(r scenario.Ref) scenario.Report {
	for _, report := range p.options.Scenario.Reports {
		if report.ID.Name == r.Name {
			return report
		}
	}
	return scenario.Report{} // the scenario was checked
}

// second is an officer as requests name the one who is not calling.
type second struct {
	PoliceNo string `json:"policeNo"`
	Unit     string `json:"unit"`
}

func (p *Player) second(r scenario.Ref) second {
	o := p.officer(r)
	return second{o.PoliceNo, o.Unit}
}

type account struct {
	Bank   string `json:"bank"`
	Number string `json:"number"`
	Holder string `json:"holder"`
	Kind   string `json:"kind"`
}

type transfer struct {
	From      account `json:"from"`
	To        account `json:"to"`
	AmountFen int64   `json:"amountFen"`
	At        string  `json:"at"`
	Serial    string  `json:"serial,omitempty"`
	Channel   string  `json:"channel,omitempty"`
}

type person struct {
	Kind     string `json:"kind"`
	IDKind   string `json:"idKind,omitempty"`
	IDNumber string `json:"idNumber,omitempty"`
	Name     string `json:"name"`
	Phone    string `json:"phone,omitempty"`
	Address  string `json:"address,omitempty"`
}

func personOf(h holder.Person) person {
	return person{Kind: h.Kind, IDKind: h.IDKind, IDNumber: h.IDNumber, Name: h.Name, Phone: h.Phone, Address: h.Address}
}

// reportBody is a report as it is typed in.
type reportBody struct {
	Channel      string     `json:"channel"`
	ReceivedAt   string     `json:"receivedAt"`
	Urgency      string     `json:"urgency"`
	Brief        string     `json:"brief"`
	FraudType    string     `json:"fraudType"`
	Investigator second     `json:"investigator"`
	Victim       person     `json:"victim"`
	Transfers    []transfer `json:"transfers"`
}

// declared writes the transfers that a report declares.
func declared(y *scenario.Story, r scenario.Report) ([]transfer, error) {
	var out []transfer
	for _, ref := range r.Transfers {
		moves, err := y.Transfers(ref.Name)
		if err != nil {
			return nil, err
		}
		for _, m := range moves {
			one, err := declare(y, m)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
	}
	return out, nil
}

func declare(y *scenario.Story, m scenario.Move) (transfer, error) {
	from, err := y.Account(m.From)
	if err != nil {
		return transfer{}, err
	}
	to, err := y.Account(m.To)
	if err != nil {
		return transfer{}, err
	}
	return transfer{
		From: accountOf(from), To: accountOf(to), AmountFen: int64(m.Amount), At: m.At.Format(time.RFC3339),
		Serial: m.Serial, Channel: m.Channel,
	}, nil
}

func accountOf(a scenario.StoryAccount) account {
	return account{Bank: string(a.Bank), Number: a.Number, Holder: a.Holder, Kind: a.Kind}
}

func (p *Player) approveInAdvance(ctx context.Context, key string, a scenario.ApproveInAdvance) error {
	body := struct {
		MaxAmountFen int64  `json:"maxAmountFen"`
		MaxLevel     int    `json:"maxLevel"`
		Until        string `json:"until"`
	}{int64(a.MaxAmount.Fen), a.MaxLevel, p.clock.Now().Add(a.For.Duration).Format(time.RFC3339)}
	if err := p.command(ctx, a.By, "/v1/standing-approvals", key, body, nil); err != nil {
		return err
	}
	p.say("常设批准 standing approval: up to %s, level %d", a.MaxAmount.Fen, a.MaxLevel)
	return nil
}

// Reports gives the reports of a story as bodies for POST /v1/reports, each with
// the first investigator of the scenario as second officer.
func Reports(y *scenario.Story) ([]any, error) {
	var with second
	for _, o := range y.Scenario.Officers {
		if o.Role == "investigator" && with.PoliceNo == "" {
			with = second{o.PoliceNo, o.Unit}
		}
	}
	var bodies []any
	for _, r := range y.Scenario.Reports {
		b, err := bodyOf(y, r, with, y.Start)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, b)
	}
	return bodies, nil
}

func bodyOf(y *scenario.Story, r scenario.Report, with second, at time.Time) (reportBody, error) {
	transfers, err := declared(y, r)
	return reportBody{
		Channel: or(r.Channel, "110"), ReceivedAt: at.Format(time.RFC3339), Urgency: or(r.Urgency, "urgent"), Brief: r.Brief,
		FraudType: r.FraudType, Investigator: with, Victim: personOf(y.People[r.Victim.Name]), Transfers: transfers,
	}, err
}

func (p *Player) fileReport(ctx context.Context, key string, a scenario.FileReport) error {
	body, err := bodyOf(p.story, p.report(a.Case), p.second(a.Investigator), p.clock.Now())
	if err != nil {
		return err
	}
	var out struct {
		Case      string `json:"case"`
		ReceiptNo string `json:"receiptNo"`
	}
	p.measure(a.Case.Name)
	if err := p.command(ctx, a.By, "/v1/reports", key, body, &out); err != nil {
		return err
	}
	p.cases[a.Case.Name] = out.Case
	p.say("接警 report taken: case %s, receipt %s", out.Case, out.ReceiptNo)
	return nil
}

func (p *Player) moveClock(ctx context.Context, by time.Duration) error {
	// Another play may have moved it too.
	if _, err := p.client.ReadClock(ctx, p.clock); err != nil {
		return fmt.Errorf("read the clock: %w", err)
	}
	if err := p.client.MoveClock(ctx, p.clock, p.clock.Now().Add(by)); err != nil {
		return fmt.Errorf("move the clock: %w", err)
	}
	p.stage.Advance(p.clock.Now())
	p.say("时钟前移 the clock moves on by %s to %s", by, shanghai(p.clock.Now()))
	return nil
}

func (p *Player) proposeFiling(ctx context.Context, key string, a scenario.ProposeFiling) error {
	if err := p.command(ctx, a.By, "/v1/cases/"+p.cases[a.Case.Name]+"/filing-proposal", key, struct{}{}, nil); err != nil {
		return err
	}
	p.say("呈请立案 filing proposed")
	return nil
}

func (p *Player) fileCase(ctx context.Context, key string, a scenario.FileCase) error {
	now, by := p.clock.Now().In(identity.Shanghai()), p.officer(a.By)
	number := holder.Source(p.story.Seed, p.salt, "case number of "+a.Case.Name).IntN(10_000)
	body := struct {
		CaseNo     string `json:"caseNo"`
		DecisionNo string `json:"decisionNo"`
	}{fmt.Sprintf("A%s%s%04d", by.Unit, now.Format("200601"), number), fmt.Sprintf("公刑立字〔%d〕%04d号", now.Year(), number)}
	if err := p.command(ctx, a.By, "/v1/cases/"+p.cases[a.Case.Name]+"/filing", key, body, nil); err != nil {
		return err
	}
	p.say("立案 case filed: %s", body.CaseNo)
	return nil
}

func shanghai(t time.Time) string { return t.In(identity.Shanghai()).Format("2006-01-02 15:04:05") }

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func yearOf(t time.Time) string { return strconv.Itoa(t.In(identity.Shanghai()).Year()) }
