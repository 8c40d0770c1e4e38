package rest

import (
	"context"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// What shows names and account numbers, as it is kept on record.
const (
	asData        = "flow"
	asDrawing     = "flow-svg"
	asWorkbook    = "flow-xlsx"
	asExplanation = "explanation"
)

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
// the file.
func (a API) mayShow(ctx context.Context, who access.Person, about identity.CaseID, what string) error {
	if who.Role == access.DutyOfficer && what == asWorkbook {
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
