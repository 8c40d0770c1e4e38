package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/letter"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

type notifyInput struct {
	OnOrder
	Body struct {
		About     string   `json:"about,omitempty" enum:"measure,lift" default:"measure"`
		Reason    string   `json:"reason" enum:"fraud-funds,case-filed,unrelated,error,objection,disproportionate,unpapered,concluded,unlawful-hold"`
		Remedy    string   `json:"remedy" enum:"objection,release"`
		Documents []string `json:"documents" enum:"id-card,bank-statement,income-proof,contract,mandate,expense-receipt" maxItems:"20"`
		Via       string   `json:"via" enum:"sms,phone,letter,counter,bank"`
	}
}

func (a API) notify(ctx context.Context, in *notifyInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator)
	if err != nil {
		return nil, err
	}
	return a.on(ctx, who, in.OnOrder, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.NotifyHolder{
			Order: in.Order, About: in.Body.About, Reason: in.Body.Reason, Remedy: in.Body.Remedy, Documents: in.Body.Documents, Via: in.Body.Via,
			Officer: who.Officer(), At: c.At,
		}
	})
}

type deferNoticeInput struct {
	OnOrder
	Body struct {
		About  string    `json:"about,omitempty" enum:"measure,lift" default:"measure"`
		Reason string    `json:"reason" enum:"obstructs-investigation"`
		Until  time.Time `json:"until" doc:"RFC 3339; 7 days after the measure at most"`
	}
}

func (a API) deferNotice(ctx context.Context, in *deferNoticeInput) (*accountOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.on(ctx, who, in.OnOrder, in.Body, func(c es.Cause) domain.AccountCommand {
		return domain.DeferNotice{
			Order: in.Order, About: in.Body.About, Reason: in.Body.Reason, Until: in.Body.Until.UTC(), Officer: who.Officer(), At: c.At,
		}
	})
}

type noticeTextInput struct {
	Account identity.AccountID `path:"account" maxLength:"64"`
	Order   identity.OrderID   `path:"order" maxLength:"64"`
	About   string             `query:"about" default:"measure" enum:"measure,lift"`
}

type noticeTextOutput struct {
	Body struct {
		Text      string   `json:"text" doc:"告知书全文"`
		Reason    string   `json:"reason"`
		Remedy    string   `json:"remedy"`
		Documents []string `json:"documents"`
	}
}

// noticeText writes the letter to the holder. It names no victim.
func (a API) noticeText(ctx context.Context, in *noticeTextInput) (*noticeTextOutput, error) {
	if err := readers(ctx); err != nil {
		return nil, err
	}
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	o, err := past.State.Measure(in.Order)
	switch {
	case err != nil:
		return nil, err
	case o.ExecutedAt.IsZero():
		return nil, domain.ErrNothingToTell
	}
	l := a.letterOn(past.State, o)
	if in.About == domain.AboutLift {
		reason, at, lifted := past.State.LiftOf(o)
		if !lifted {
			return nil, domain.ErrNothingToTell
		}
		l.About, l.Reason, l.Since = letter.Lift, reason, at
	}
	out := &noticeTextOutput{}
	out.Body.Text, out.Body.Reason, out.Body.Remedy, out.Body.Documents = letter.Text(l), l.Reason, "objection", l.Documents
	return out, nil
}

func (a API) letterOn(s domain.Account, o domain.Order) letter.Letter {
	l := letter.Letter{
		About: letter.Stop, Authority: a.App.City.Policy.NameOf(o.Unit), Unit: o.Unit, Order: o.ID, Since: o.ExecutedAt, Until: o.ExpiresAt,
		Reason: "fraud-funds", Documents: []string{"id-card", "bank-statement", "income-proof", "contract", "mandate"}, Days: a.App.City.Policy.Remedy.ObjectionDays,
	}
	if bank, ok := a.App.City.Banks.Lookup(s.Ref.Bank); ok {
		l.Bank = bank.Name
	}
	if o.Kind == domain.KindStop {
		l.Held = o.Hold.Held
		return l
	}
	l.About, l.Reason, l.Held = letter.Freeze, "case-filed", o.Request.Limit
	return l
}

type noticesInput struct {
	service.Page
	State string `query:"state" default:"missing" enum:"missing,deferred"`
}

type noticeRow struct {
	Account  identity.AccountID `json:"account"`
	Order    identity.OrderID   `json:"order" doc:"the measure; of a telephone or paper order its registration"`
	Case     identity.CaseID    `json:"case"`
	About    string             `json:"about" enum:"measure,lift"`
	Since    time.Time          `json:"since" doc:"when the measure was carried out, or its bank was asked by telephone or on paper; when it ended"`
	Deferred time.Time          `json:"deferredUntil,omitzero"`
}

type noticesOutput struct {
	Body struct {
		Items      []noticeRow `json:"items"`
		NextCursor string      `json:"nextCursor,omitempty"`
	}
}

func (a API) notices(ctx context.Context, in *noticesInput) (*noticesOutput, error) {
	after, err := paged(ctx, in.Page)
	if err != nil {
		return nil, err
	}
	rows, err := a.Lists.Untold(ctx, in.State == domain.NoticeDeferred, a.App.City.Clock.Now(), after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &noticesOutput{}
	out.Body.Items = []noticeRow{}
	for _, n := range rows {
		out.Body.Items = append(out.Body.Items, noticeRow{n.Account, n.Order, n.Case, n.About, n.Since, n.Deferred})
	}
	out.Body.NextCursor = next(in.Page, rows, func(n view.Notice) eventlog.Position { return n.Position })
	return out, nil
}

// OrderRemedy is what an order shows of notices and proportion.
type OrderRemedy struct {
	Notified      *bool          `json:"notified,omitempty" doc:"of a measure that was carried out: whether its holder was told of it, and of its end"`
	Compliance    string         `json:"compliance,omitempty" enum:"told,deferred,missing" doc:"missing: the measure is not compliant (反电信网络诈骗法 art. 32)"`
	Disproportion *disproportion `json:"disproportion,omitempty"`
	Wrong         string         `json:"wrong,omitempty" doc:"cause, if the measure was found wrong"`
}

// AccountRemedy is what an account shows of remedies.
type AccountRemedy struct {
	Objections []objectionRow `json:"objections"`
	Papers     []paperRow     `json:"paperOrders,omitempty" doc:"纸质、电话止付: what was asked for by telephone or on paper"`
	Compliance string         `json:"compliance,omitempty" enum:"told,deferred,missing" doc:"the worst of its orders"`
}

// paperRow is a telephone or paper order as it stands.
type paperRow struct {
	Registration identity.RegistrationID `json:"registration" doc:"its holder is told of it by this name"`
	Case         identity.CaseID         `json:"case"`
	AskedAt      time.Time               `json:"askedAt"`
	Due          time.Time               `json:"due" doc:"后补期限, unless nothing is owed"`
	Order        identity.OrderID        `json:"order,omitempty" doc:"that has followed by the channel"`
	Instead      identity.OrderID        `json:"instead,omitempty" doc:"the stop or freeze of the case that is in its place though it does not name it: no papers are owed"`
	Papered      bool                    `json:"papered" doc:"the papers are there"`
	Expired      bool                    `json:"expired" doc:"they have not come in time"`
	Compliance   string                  `json:"compliance,omitempty" enum:"told,deferred,missing" doc:"absent: the order that was carried out in its place tells"`
}

type disproportion struct {
	Held         money.Fen `json:"heldFen"`
	Attributable money.Fen `json:"attributableFen"`
	At           time.Time `json:"at"`
}

// remedied adds to an account as it is shown what concerns notices, proportion
// and objections.
func (a API) remedied(out *accountOutput, s domain.Account) *accountOutput {
	out.Body.Objections = []objectionRow{}
	for _, o := range s.Remedy.Objections {
		out.Body.Objections = append(out.Body.Objections, objectionShown(out.Body.Account, o))
	}
	now := a.App.City.Clock.Now()
	for _, p := range s.Papers {
		o, _ := s.ByHand(identity.OrderID(p.ID))
		row := paperRow{p.ID, p.Case, p.AskedAt, p.Due, p.Order, p.Instead, p.Document != "", p.Expired, s.Compliance(o, now)}
		out.Body.Papers, out.Body.Compliance = append(out.Body.Papers, row), worse(out.Body.Compliance, row.Compliance)
	}
	for n := range out.Body.Orders {
		row := &out.Body.Orders[n]
		o, _ := s.Find(row.Order)
		row.Compliance = s.Compliance(o, now)
		if row.Compliance == "" {
			continue
		}
		told := row.Compliance == domain.NoticeTold
		row.Notified = &told
		out.Body.Compliance = worse(out.Body.Compliance, row.Compliance)
		for _, f := range s.Remedy.Found {
			if f.Order == o.ID {
				row.Disproportion = &disproportion{f.Held, f.Attributable, f.At}
			}
		}
		for _, w := range s.Remedy.Wrong {
			if w.Order == o.ID {
				row.Wrong = w.Cause
			}
		}
	}
	return out
}

// worse is the worse of two states of a notice.
func worse(a, b string) string {
	for _, state := range []string{domain.NoticeMissing, domain.NoticeDeferred, domain.NoticeTold} {
		if a == state || b == state {
			return state
		}
	}
	return ""
}
