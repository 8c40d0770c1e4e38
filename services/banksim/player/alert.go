package player

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// alert does the acts of a warning, from its import to its closing.
func (p *Player) alert(ctx context.Context, key string, a scenario.Act) error {
	switch {
	case a.ImportAlert != nil:
		return p.importAlert(ctx, key, *a.ImportAlert)
	case a.Dispatch != nil:
		body := struct {
			To string `json:"to"`
		}{a.Dispatch.To}
		return p.step(ctx, key, a.Dispatch.By, a.Dispatch.Alert, "dispatch", body, "下发 alert dispatched")
	case a.Sign != nil:
		return p.step(ctx, key, a.Sign.By, a.Sign.Alert, "signature", struct{}{}, "签收 alert signed")
	case a.Contact != nil:
		body := struct {
			Channel string  `json:"channel"`
			Target  string  `json:"target"`
			Result  string  `json:"result"`
			Partner *second `json:"partner,omitempty"`
		}{Channel: or(a.Contact.Channel, "phone"), Target: or(a.Contact.Target, "self"), Result: or(a.Contact.Result, "reached")}
		if a.Contact.Partner.Name != "" {
			s := p.second(a.Contact.Partner)
			body.Partner = &s
		}
		return p.step(ctx, key, a.Contact.By, a.Contact.Alert, "contacts", body, "联系 subject contacted: "+body.Result)
	case a.CloseAlert != nil:
		body := struct {
			Outcome string `json:"outcome"`
		}{a.CloseAlert.Outcome}
		return p.step(ctx, key, a.CloseAlert.By, a.CloseAlert.Alert, "closing", body, "办结 alert closed: "+body.Outcome)
	case a.FindPaid != nil:
		return p.findPaid(ctx, key, *a.FindPaid)
	}
	return nil
}

func (p *Player) step(ctx context.Context, key string, by, alert scenario.Ref, what string, body any, said string) error {
	if err := p.command(ctx, by, "/v1/alerts/"+p.alerts[alert.Name]+"/"+what, key, body, nil); err != nil {
		return err
	}
	p.say("%s", said)
	return nil
}

func (p *Player) importAlert(ctx context.Context, key string, a scenario.ImportAlert) error {
	var alert scenario.Alert
	for _, one := range p.options.Scenario.Alerts {
		if one.ID.Name == a.Alert.Name {
			alert = one
		}
	}
	body := struct {
		ExternalID string `json:"externalId"`
		Supplier   string `json:"supplier"`
		Grade      string `json:"grade"`
		Subject    person `json:"subject"`
		FraudType  string `json:"fraudType"`
		SignalAt   string `json:"signalAt"`
	}{
		"W-" + p.salt + "-" + alert.ID.Name, or(alert.Supplier, "province"), or(alert.Grade, "高"), personOf(p.story.People[alert.Subject.Name]),
		alert.FraudType, p.story.Start.Add(alert.SignalAt.Duration).Format(time.RFC3339),
	}
	var out struct {
		Alert string `json:"alert"`
		Level string `json:"level"`
	}
	if err := p.command(ctx, a.By, "/v1/alerts", key, body, &out); err != nil {
		return err
	}
	p.alerts[a.Alert.Name] = out.Alert
	p.say("预警导入 alert imported: %s, level %s", out.Alert, out.Level)
	return nil
}

func (p *Player) findPaid(ctx context.Context, key string, a scenario.FindPaid) error {
	r := p.report(a.Case)
	transfers, err := declared(p.story, r)
	if err != nil {
		return err
	}
	body := struct {
		Investigator second     `json:"investigator"`
		Brief        string     `json:"brief"`
		Transfers    []transfer `json:"transfers"`
	}{p.second(a.Investigator), r.Brief, transfers}
	var out struct {
		Case string `json:"case"`
	}
	p.measure(a.Case.Name)
	if err := p.command(ctx, a.By, "/v1/alerts/"+p.alerts[a.Alert.Name]+"/payment", key, body, &out); err != nil {
		return err
	}
	p.cases[a.Case.Name] = out.Case
	p.say("已转账 the subject has paid; case %s opens by itself", out.Case)
	return nil
}
