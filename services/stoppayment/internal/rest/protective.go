package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/letter"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// protectiveRoutes are the paths of protective stops.
func (a API) protectiveRoutes(api huma.API, op operation) {
	const one = "/v1/protective-stops/{protective}"
	huma.Register(api, op("POST", "/v1/protective-stops", "request-protective-stop", "保护性止付申请 Stop a person's own accounts", http.StatusCreated), a.protect)
	huma.Register(api, op("GET", "/v1/protective-stops", "list-protective-stops", "保护性止付列表 Protective stops, oldest first", http.StatusOK), a.protectives)
	huma.Register(api, op("GET", one, "get-protective-stop", "保护性止付 One protective stop, with its countdown", http.StatusOK), a.protective)
	huma.Register(api, op("POST", one+"/approval", "approve-protective-stop", "批准 Approve", http.StatusOK), a.approveProtective)
	huma.Register(api, op("POST", one+"/rejection", "reject-protective-stop", "驳回 Reject", http.StatusOK), a.rejectProtective)
	huma.Register(api, op("POST", one+"/renewal", "renew-protective-stop", "续期 48 hours more, by a new decision", http.StatusOK), a.renewProtective)
	huma.Register(api, op("POST", one+"/exemptions", "exempt-from-protective-stop", "生活必需豁免 Let an amount through", http.StatusCreated), a.exempt)
	huma.Register(api, op("POST", one+"/release", "release-protective-stop", "解除 Release all accounts in one step", http.StatusOK), a.releaseProtective)
	huma.Register(api, op("GET", one+"/notice-text", "write-protective-notice", "告知书 What to tell the subject", http.StatusOK), a.protectiveText)
	huma.Register(api, op("POST", one+"/notices", "notify-protected-subject", "告知当事人 Note that the subject was told", http.StatusCreated), a.notifyProtected)
}

// ownAccount is one of the subject's own accounts, with the document of its
// holder as the bank has it.
type ownAccount struct {
	entry.Account

	IDKind   string `json:"idKind,omitempty" doc:"document of the holder, 01 = 身份证 (default)" maxLength:"2"`
	IDNumber string `json:"idNumber" maxLength:"64"`
}

type protectInput struct {
	service.Command
	Body struct {
		Case         identity.CaseID `json:"case,omitempty" maxLength:"64"`
		Alert        string          `json:"alert,omitempty" doc:"the warning it comes from" maxLength:"64"`
		Subject      entry.Person    `json:"subject"`
		Accounts     []ownAccount    `json:"accounts" maxItems:"50"`
		Basis        string          `json:"basis" enum:"subject-request,victim-in-danger,anti-fraud-law"`
		Consent      string          `json:"consent" enum:"given,refused,unreachable"`
		CapAt        time.Time       `json:"capAt,omitzero" doc:"RFC 3339; the city's longest term if absent"`
		Investigator entry.Officer   `json:"investigator,omitzero" doc:"协查人, not the operator himself"`
	}
}

type protectiveOutput struct {
	service.Answer
	Body struct {
		Protective  identity.ProtectiveID  `json:"protective"`
		Case        identity.CaseID        `json:"case,omitempty"`
		State       domain.ProtectiveState `json:"state"`
		StateText   string                 `json:"stateText" doc:"state, in Chinese"`
		Responsible identity.Unit          `json:"responsible" doc:"责任单位: the one that renews, exempts and releases"`
		Consent     string                 `json:"consent"`
		RequestedAt time.Time              `json:"requestedAt"`
		CapAt       time.Time              `json:"capAt" doc:"no renewal goes beyond"`
		CapIn       int64                  `json:"capInSeconds"`
		Ordinal     int                    `json:"ordinal" doc:"how many times 48 hours were ordered"`
		Notified    bool                   `json:"notified" doc:"false: not compliant (反电信网络诈骗法 art. 32)"`
		Released    string                 `json:"released,omitempty"`
		Accounts    []protectedRow         `json:"accounts"`
		Exemptions  []exemptionRow         `json:"exemptions"`
		Orders      []protectiveOrderRow   `json:"orders"`
		Objections  []objectionRow         `json:"objections"`
	}
}

type protectedRow struct {
	Account   identity.AccountID `json:"account"`
	Bank      identity.BankCode  `json:"bank"`
	State     domain.OrderState  `json:"state"`
	StateText string             `json:"stateText" doc:"state, in Chinese"`
	Since     time.Time          `json:"since,omitzero"`
	ExpiresAt time.Time          `json:"expiresAt,omitzero"`
	EndsIn    int64              `json:"endsInSeconds" doc:"countdown; 0 if it is not in force"`
	Balance   money.Fen          `json:"balanceFen"`
	Exempted  money.Fen          `json:"exemptedFen"`
	BankUntil time.Time          `json:"bankHoldsUntil,omitzero" doc:"until when its bank may hold it; it is asked to let go until then"`
}

type exemptionRow struct {
	Account identity.AccountID `json:"account"`
	Order   identity.OrderID   `json:"order"`
	State   domain.OrderState  `json:"state"`
	Text    string             `json:"stateText" doc:"state, in Chinese"`
	Purpose string             `json:"purpose"`
	Amount  money.Fen          `json:"amountFen"`
	At      time.Time          `json:"at"`
}

type protectiveOrderRow struct {
	Order   identity.OrderID   `json:"order"`
	Account identity.AccountID `json:"account"`
	Kind    string             `json:"kind" enum:"stop,renewal,exemption,lift"`
	State   domain.OrderState  `json:"state"`
	Text    string             `json:"stateText" doc:"state, in Chinese"`
	At      time.Time          `json:"at"`
}

// protect asks for the stop. Whose accounts they are is compared by keyed hashes
// of name and document: nothing of it is stored in clear.
func (a API) protect(ctx context.Context, in *protectInput) (*protectiveOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, in.Body, who, string(in.Body.Case))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(entry.ID(string(in.Body.Case), "/case"), entry.ID(in.Body.Alert, "/alert")); err != nil {
		return nil, err
	}
	id := identity.ProtectiveID(service.NewID("protective", who, in.Command))
	cmd := domain.RequestProtective{
		Protective: id, Case: in.Body.Case, Alert: in.Body.Alert, Basis: in.Body.Basis, Consent: in.Body.Consent, Responsible: identity.Unit(who.Unit),
		CapAt: in.Body.CapAt.UTC(), Most: a.App.ProtectiveTerm(), Operator: who.Officer(), At: cause.At,
	}
	if in.Body.CapAt.IsZero() {
		cmd.CapAt = cause.At.Add(cmd.Most)
	}
	if cmd.Investigator, err = named(in.Body.Investigator, "/investigator"); err != nil {
		return nil, err
	}
	if cmd.Party, _, err = a.Desk.Person(ctx, in.Body.Subject, cause.At, string(id), "/subject"); err != nil {
		return nil, err
	}
	if cmd.Subject, err = a.holderKey(in.Body.Subject.Name, in.Body.Subject.IDKind, in.Body.Subject.IDNumber, "/subject"); err != nil {
		return nil, err
	}
	if err := a.fillOwn(ctx, &cmd, in.Body.Accounts); err != nil {
		return nil, err
	}
	done, err := a.App.Protective(ctx, id, cause, expected, cmd)
	if err != nil {
		return nil, err
	}
	return a.shownProtective(done.State, done.Revision, done.Repeated), nil
}

// fillOwn seals the accounts.
func (a API) fillOwn(ctx context.Context, cmd *domain.RequestProtective, accounts []ownAccount) error {
	for n, in := range accounts {
		pointer := "/accounts/" + strconv.Itoa(n)
		account, _, err := a.Desk.Account(ctx, in.Account, pointer)
		if err != nil {
			return err
		}
		holder, err := a.holderKey(in.Holder, in.IDKind, in.IDNumber, pointer)
		if err != nil {
			return err
		}
		cmd.Accounts = append(cmd.Accounts, domain.OwnAccount{
			Account: account, Holder: holder, Order: identity.OrderID(identity.Derive("protective", string(cmd.Protective), "stop", string(account.ID)).String()),
		})
	}
	return nil
}

// holderKey is the keyed hash of a name and a document.
func (a API) holderKey(name, kind, number, pointer string) (string, error) {
	if kind == "" {
		kind = "01"
	}
	id, err := identity.ParseIDKind(kind)
	if err != nil {
		return "", err
	}
	if number == "" || identity.NormaliseName(name) == "" {
		return "", domain.ErrNotOwnAccount.At("%s", pointer)
	}
	if number, err = identity.ParseID(id, number); err != nil {
		return "", err
	}
	return a.Desk.Keys.Index(privacy.Name, kind+"\x1f"+number+"\x1f"+identity.NormaliseName(name)), nil
}

func (a API) shownProtective(p domain.Protective, revision int64, repeated bool) *protectiveOutput {
	out := &protectiveOutput{Answer: service.Answered(revision, repeated)}
	now := a.App.City.Clock.Now()
	b := &out.Body
	b.Protective, b.Case, b.State, b.Responsible, b.Consent, b.RequestedAt = p.ID, p.Case, p.State, p.Responsible, p.Consent, p.RequestedAt
	b.CapAt, b.CapIn, b.Ordinal, b.Notified, b.Released = p.CapAt, seconds(now, p.CapAt), p.Ordinal, !p.NotifiedAt.IsZero(), p.Released
	b.StateText = protectiveStateName(p.State)
	b.Accounts, b.Exemptions, b.Orders = []protectedRow{}, []exemptionRow{}, []protectiveOrderRow{}
	b.Objections = []objectionRow{}
	for _, o := range p.Objections {
		b.Objections = append(b.Objections, protectiveObjectionShown(p, o))
	}
	for _, held := range p.Accounts {
		row := protectedRow{
			Account: held.Account.ID, Bank: held.Account.Bank, State: held.State, StateText: orderStateName(held.State), Since: held.Since, ExpiresAt: held.ExpiresAt, Balance: held.Balance,
			Exempted: p.Exempted(held.Account.ID), BankUntil: held.Bank.Until,
		}
		if held.InForce() {
			row.EndsIn = seconds(now, held.ExpiresAt)
		}
		b.Accounts = append(b.Accounts, row)
	}
	for _, e := range p.Exemptions {
		o, _ := p.Find(e.Order)
		b.Exemptions = append(b.Exemptions, exemptionRow{e.Account, e.Order, o.State, orderStateName(o.State), e.Purpose, e.Amount, e.At})
	}
	for _, o := range p.Orders {
		b.Orders = append(b.Orders, protectiveOrderRow{o.ID, o.Account, o.Kind, o.State, orderStateName(o.State), o.At})
	}
	return out
}

// seconds until a time, 0 if it has passed.
func seconds(now, at time.Time) int64 { return max(0, int64(at.Sub(now)/time.Second)) }

type protectiveInput struct {
	Protective identity.ProtectiveID `path:"protective" maxLength:"64"`
}

func (a API) protective(ctx context.Context, in *protectiveInput) (*protectiveOutput, error) {
	if err := readers(ctx); err != nil {
		return nil, err
	}
	past, err := a.App.Protectives.Load(ctx, string(in.Protective))
	if err != nil {
		return nil, err
	}
	if past.Revision < 0 {
		return nil, domain.ErrNoProtective
	}
	return a.shownProtective(past.State, past.Revision, false), nil
}

type protectivesInput struct {
	service.Page
	State domain.ProtectiveState `query:"state" default:"active" enum:"waiting,active,rejected,ended" doc:"active: also those that are released and that a bank has yet to let go of"`
}

type protectiveRow struct {
	Protective  identity.ProtectiveID  `json:"protective"`
	Case        identity.CaseID        `json:"case,omitempty"`
	State       domain.ProtectiveState `json:"state"`
	StateText   string                 `json:"stateText" doc:"state, in Chinese"`
	Responsible identity.Unit          `json:"responsible"`
	Consent     string                 `json:"consent"`
	RequestedAt time.Time              `json:"requestedAt"`
	CapAt       time.Time              `json:"capAt"`
	ExpiresAt   time.Time              `json:"expiresAt,omitzero" doc:"of the account that is free last, as it stands"`
	Accounts    int                    `json:"accounts"`
	InForce     int                    `json:"inForce"`
	Notified    bool                   `json:"notified"`
}

type protectivesOutput struct {
	Body struct {
		Items      []protectiveRow `json:"items"`
		NextCursor string          `json:"nextCursor,omitempty"`
	}
}

func (a API) protectives(ctx context.Context, in *protectivesInput) (*protectivesOutput, error) {
	after, err := paged(ctx, in.Page)
	if err != nil {
		return nil, err
	}
	rows, err := a.Lists.Protectives(ctx, in.State, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &protectivesOutput{}
	out.Body.Items = []protectiveRow{}
	for _, p := range rows {
		out.Body.Items = append(out.Body.Items, protectiveRow{
			p.ID, p.Case, p.State, protectiveStateName(p.State), p.Responsible, p.Consent, p.Requested, p.Cap, p.Expires, p.Accounts, p.InForce, !p.Told.IsZero(),
		})
	}
	out.Body.NextCursor = next(in.Page, rows, func(p view.Protective) eventlog.Position { return p.Position })
	return out, nil
}

// protectiveText writes the letter to the subject: why, until when, and who can
// release.
func (a API) protectiveText(ctx context.Context, in *protectiveInput) (*noticeTextOutput, error) {
	if err := readers(ctx); err != nil {
		return nil, err
	}
	past, err := a.App.Protectives.Load(ctx, string(in.Protective))
	if err != nil {
		return nil, err
	}
	if past.Revision < 0 {
		return nil, domain.ErrNoProtective
	}
	l := letter.Letter{
		About: letter.Protective, Authority: a.App.City.Policy.NameOf(past.State.Responsible), Unit: past.State.Responsible, Order: identity.OrderID(past.State.ID),
		Reason: "own-account", Documents: []string{"id-card", "mandate", "expense-receipt"}, Days: a.App.City.Policy.Remedy.ObjectionDays,
	}
	for _, held := range past.State.Accounts {
		if !held.InForce() {
			continue
		}
		if l.Since.IsZero() || held.Since.Before(l.Since) {
			l.Since = held.Since
		}
		if held.ExpiresAt.After(l.Until) {
			l.Until = held.ExpiresAt
		}
	}
	if l.Since.IsZero() {
		return nil, domain.ErrNotProtected
	}
	l.Cap = past.State.CapAt
	out := &noticeTextOutput{}
	out.Body.Text, out.Body.Reason, out.Body.Remedy, out.Body.Documents = letter.Text(l), l.Reason, "release", l.Documents
	return out, nil
}
