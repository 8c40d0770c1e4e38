package rest

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/seal"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// What shows names and account numbers, as it is kept on record.
const (
	asData        = "flow"
	asDrawing     = "flow-svg"
	asWorkbook    = "flow-xlsx"
	asExplanation = "explanation"
	asObjection   = "objection"
	asQuery       = "query"
)

// open opens the name and the number of an account, and words the words of an
// objection. This file alone opens what is sealed. Who sees it in full is either
// the bank whose order it is, as it needs both by law and answers the order under
// its own name, or a person whom [API.mayLook] has let look, which is on record;
// everybody else sees what mask leaves.
func (a API) open(ctx context.Context, account event.Account) (name, number string, err error) {
	if name, err = a.Desk.Keys.Open(ctx, account.Holder); err != nil {
		return "", "", fmt.Errorf("open holder: %w", err)
	}
	if number, err = a.Desk.Keys.Open(ctx, account.Number); err != nil {
		return "", "", fmt.Errorf("open number: %w", err)
	}
	return name, number, nil
}

// words are what a holder has said in an objection, and where he can be reached.
type words struct{ Holder, Contact, Text string }

// words opens an objection. What nobody can read any more is called destroyed.
func (a API) words(ctx context.Context, o event.ObjectionFiled) (w words, err error) {
	for into, box := range map[*string]seal.Box{&w.Holder: o.Holder, &w.Contact: o.Contact, &w.Text: o.Text} {
		switch *into, err = a.Desk.Keys.Open(ctx, box); {
		case privacy.Lost(err):
			*into = destroyed
		case err != nil:
			return words{}, fmt.Errorf("open an objection: %w", err)
		}
	}
	return w, nil
}

// masked leaves the surname, and of the rest whether there is any: free text can
// say anything.
func (w words) masked() words {
	hide := func(text string) string {
		if text == "" || text == destroyed {
			return text
		}
		return covered
	}
	return words{Holder: maskName(w.Holder, identity.PersonalAccount), Contact: hide(w.Contact), Text: hide(w.Text)}
}

// person is who holds an account, as its bank says.
type person struct{ Name, IDNumber, Phone string }

// partyOf opens a person. What nobody can read any more is called destroyed.
func (a API) partyOf(ctx context.Context, p event.Party) (who person, err error) {
	for into, box := range map[*string]seal.Box{&who.Name: p.Name, &who.IDNumber: p.IDNumber, &who.Phone: p.Phone} {
		switch *into, err = a.Desk.Keys.Open(ctx, box); {
		case privacy.Lost(err):
			*into = destroyed
		case err != nil:
			return person{}, fmt.Errorf("open a holder: %w", err)
		}
	}
	return who, nil
}

// masked leaves of a person what is left of an account and its holder.
func (p person) masked(kind string) person {
	of := identity.PersonalAccount
	if kind == "organisation" {
		of = identity.CorporateAccount
	}
	return person{Name: maskName(p.Name, of), IDNumber: maskNumber(p.IDNumber), Phone: maskNumber(p.Phone)}
}

// mayLook lets the police and auditors look, and tells whether they see names and
// account numbers in full. Who may not and asks for it is refused.
func (a API) mayLook(ctx context.Context, in Asked, about identity.CaseID, what string) (full bool, err error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator, access.Auditor)
	if err != nil || !in.Unmasked {
		return false, err
	}
	if _, _, err := a.cutoff(in.At); err != nil {
		return false, err
	}
	if err := a.mayShow(ctx, who, about, what); err != nil {
		return false, err
	}
	return true, a.showing(ctx, who, in, about, what)
}

// mayShow holds the role of the caller against what he asks for. Those who lead a
// case may; the duty officers of its unit may for the workbook, which they put in
// the file, for an objection, which they accept and answer, and for what a bank has
// answered to a query, which they have asked.
func (a API) mayShow(ctx context.Context, who access.Person, about identity.CaseID, what string) error {
	if who.Role == access.DutyOfficer && (what == asWorkbook || what == asObjection || what == asQuery) {
		chase, err := a.App.Pursuits.Load(ctx, string(about))
		if err != nil || who.Unit == string(chase.State.Unit) {
			return err
		}
	}
	_, err := access.Require(ctx, access.Investigator, access.ShiftLeader, access.Chief)
	return err
}

// showing keeps who is shown what, and why, before it is shown: rather one showing
// too many on record than one too few. Unit and purpose are held against the rules
// of the chase.
func (a API) showing(ctx context.Context, who access.Person, in Asked, about identity.CaseID, what string) error {
	cause := es.Cause{Command: uuid.New(), Actor: who.Actor(), Correlation: string(about), At: a.App.City.Clock.Now()}
	_, err := a.App.Pursuit(ctx, about, cause, es.AnyRevision, domain.NotePlaintext{
		By: who.Officer(), Role: string(who.Role), Purpose: in.Purpose, What: what, At: cause.At,
	})
	return err
}
