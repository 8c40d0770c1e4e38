package rest

import (
	"context"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

type objectionInput struct {
	Account   identity.AccountID   `path:"account" maxLength:"64"`
	Objection identity.ObjectionID `path:"objection" maxLength:"64"`
	Unmasked  bool                 `query:"unmasked" doc:"name, contact and words in full: duty officer of the case's unit, investigator, shift leader and chief of it or of one superior to it; is kept on record"`
	Purpose   string               `query:"purpose" enum:"file,court,bank,review" doc:"what they are shown in full for; required with unmasked"`
}

type objectionShownOutput struct {
	Cache string `header:"Cache-Control"`
	Body  struct {
		Objection objectionRow `json:"objection"`
		Holder    string       `json:"holder" doc:"异议人; masked unless unmasked"`
		Contact   string       `json:"contact,omitempty" doc:"联系方式; masked unless unmasked"`
		Text      string       `json:"text,omitempty" doc:"异议内容; masked unless unmasked"`
		Documents []string     `json:"documents" doc:"hash of each paper handed in"`
	}
}

// objection shows one objection with what its holder has said, which whoever
// decides on it has to read.
func (a API) objection(ctx context.Context, in *objectionInput) (*objectionShownOutput, error) {
	if err := readers(ctx); err != nil {
		return nil, err
	}
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	o, known := past.State.Remedy.Objection(in.Objection)
	filed, said := filedAs(past.Events, in.Objection)
	if !known || !said {
		return nil, domain.ErrNoObjection
	}
	full, err := a.mayLook(ctx, Asked{Unmasked: in.Unmasked, Purpose: in.Purpose}, o.Case, asObjection)
	if err != nil {
		return nil, err
	}
	w, err := a.words(ctx, filed)
	if err != nil {
		return nil, err
	}
	if !full {
		w = w.masked()
	}
	out := &objectionShownOutput{Cache: "no-store"}
	out.Body.Objection, out.Body.Documents = objectionShown(in.Account, o), append([]string{}, filed.Documents...)
	out.Body.Holder, out.Body.Contact, out.Body.Text = w.Holder, w.Contact, w.Text
	return out, nil
}

// filedAs finds an objection as it was filed.
func filedAs(events []event.AccountEvent, id identity.ObjectionID) (event.ObjectionFiled, bool) {
	for _, e := range events {
		if filed, ok := e.(event.ObjectionFiled); ok && filed.Objection == id {
			return filed, true
		}
	}
	return event.ObjectionFiled{}, false
}
