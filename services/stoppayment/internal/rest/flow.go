package rest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/sheet"
	"golang.org/x/sync/errgroup"
)

// sideBySide bounds how many streams, or sealed fields, one picture reads at a
// time.
const sideBySide = 16

// svgType and xlsxType are the media types of the drawing and of the workbook.
const (
	svgType  = "image/svg+xml"
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// Asked is what every question about the flow carries. It is exported because the
// edge looks into no other embedded struct.
type Asked struct {
	At       time.Time `query:"at" doc:"the instant (RFC 3339): what was recorded until then; all that is known by now, if absent"`
	Unmasked bool      `query:"unmasked" doc:"account numbers and names in full: investigator, shift leader and chief of the case's unit or one superior to it, of the workbook the duty officers of the case's unit too; is kept on record"`
	Purpose  string    `query:"purpose" enum:"file,court,bank,review" doc:"what they are shown in full for; required with unmasked"`
}

// OfCase asks about the flow of one case.
type OfCase struct {
	Asked
	Case identity.CaseID `path:"case" maxLength:"64"`
}

type drawInput struct {
	OfCase
	Expand string `query:"expand" enum:"all" doc:"all: every account by itself, however many"`
	Paper  string `query:"paper" enum:"a4" doc:"a4: numbered sheets of A4 across for printing, below each other in one SVG; every account by itself"`
	Sheet  int    `query:"sheet" minimum:"1" maximum:"9999" doc:"this sheet alone, as an SVG of its own; with paper"`
}

// file is an answer that is not JSON.
type file struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Cache       string `header:"Cache-Control"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

// produces tells the OpenAPI document of an answer that is not JSON.
func produces(op huma.Operation, mediaType string) huma.Operation {
	op.Responses = map[string]*huma.Response{"200": {
		Description: http.StatusText(http.StatusOK),
		Content:     map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	return op
}

// read loads what was known of a case at an instant: its chase, and the
// accounts of it side by side. Nothing comes from a list that may lag.
func (a API) read(ctx context.Context, id identity.CaseID, at time.Time) (flow.Histories, flow.Graph, error) {
	instant, until, err := a.cutoff(at)
	if err != nil {
		return flow.Histories{}, flow.Graph{}, err
	}
	chase, err := a.App.Pursuits.LoadAt(ctx, string(id), until)
	if err != nil {
		return flow.Histories{}, flow.Graph{}, err
	}
	if chase.State.Case == "" {
		return flow.Histories{}, flow.Graph{}, domain.ErrNoPursuit
	}
	in := flow.Histories{Pursuit: chase.Events, Accounts: map[identity.AccountID][]event.AccountEvent{}, Rows: domain.Rows{}}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for _, account := range flow.Accounts(chase.Events) {
		group.Go(func() error {
			past, err := a.App.Accounts.LoadAt(ctx, string(account), until)
			if err != nil || len(past.Events) == 0 {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			in.Accounts[account] = past.Events
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return in, flow.Graph{}, err
	}
	return in, flow.Build(instant, in), nil
}

// cutoff is the instant of a picture: now, if none is asked for, with all that
// has been recorded, be it by a clock that is a little ahead of ours. What is
// still to come nobody knows; an answer about it would be another one tomorrow.
func (a API) cutoff(at time.Time) (instant, until time.Time, err error) {
	now := a.App.City.Clock.Now().UTC()
	switch {
	case at.IsZero():
		return now, endOfTime(), nil
	case at.After(now):
		return now, now, entry.ErrTimeAhead.At("/at")
	}
	return at.UTC(), at.UTC(), nil
}

// endOfTime lies after everything that is recorded.
func endOfTime() time.Time { return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) }

// faces opens numbers and holders of all accounts of a picture side by side,
// and masks them unless they are asked for in full.
func (a API) faces(ctx context.Context, g flow.Graph, full bool) (map[identity.AccountID]chart.Face, error) {
	refs := map[identity.AccountID]event.Account{}
	for _, n := range g.Nodes {
		if n.Ref.ID != "" {
			refs[n.Ref.ID] = n.Ref
		}
	}
	faces := make(map[identity.AccountID]chart.Face, len(refs))
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for id, ref := range refs {
		group.Go(func() error {
			face, err := a.face(ctx, ref, full)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			faces[id] = face
			return nil
		})
	}
	return faces, group.Wait()
}

// face opens one account. What nobody can read any more is called destroyed.
func (a API) face(ctx context.Context, ref event.Account, full bool) (chart.Face, error) {
	var face chart.Face
	var err error
	if face.Holder, face.Number, err = a.open(ctx, ref); privacy.Lost(err) {
		return chart.Face{Number: destroyed, Holder: destroyed}, nil
	}
	if err != nil || full {
		return face, err
	}
	return chart.Face{Number: maskNumber(face.Number), Holder: maskName(face.Holder, ref.Kind)}, nil
}

// picture is a flow with the faces of its accounts.
func (a API) picture(ctx context.Context, in OfCase, full bool) (flow.Graph, map[identity.AccountID]chart.Face, error) {
	_, graph, err := a.read(ctx, in.Case, in.At)
	if err != nil {
		return graph, nil, err
	}
	faces, err := a.faces(ctx, graph, full)
	return graph, faces, err
}

// drawing is the fund-flow graph for people (资金流向图).
func (a API) drawing(ctx context.Context, in *drawInput) (*file, error) {
	if in.Sheet > 0 && in.Paper == "" {
		return nil, domain.ErrNoSheet.At("/sheet")
	}
	full, err := a.mayLook(ctx, in.Asked, in.Case, asDrawing)
	if err != nil {
		return nil, err
	}
	graph, faces, err := a.picture(ctx, in.OfCase, full)
	if err != nil {
		return nil, err
	}
	body, name, err := draw(chart.Input{Graph: graph, Faces: faces, Banks: a.App.City.Banks, All: in.Expand == "all"}, in.Paper, in.Sheet)
	if err != nil {
		return nil, err
	}
	return &file{
		ContentType: svgType, Disposition: fmt.Sprintf("inline; filename=%q", name), Cache: "no-store", Policy: "default-src 'none'; style-src 'unsafe-inline'",
		Body: body,
	}, nil
}

// draw makes the drawing for the screen, or for paper: all sheets, or one.
func draw(in chart.Input, paper string, sheet int) (body []byte, name string, err error) {
	if paper == "" {
		return chart.Draw(in), "fund-flow.svg", nil
	}
	sheets := chart.Sheets(in)
	switch {
	case sheet == 0:
		return chart.Stack(sheets), "fund-flow-a4.svg", nil
	case sheet > len(sheets):
		return nil, "", domain.ErrNoSheet.At("/sheet")
	}
	return sheets[sheet-1], fmt.Sprintf("fund-flow-a4-%d-of-%d.svg", sheet, len(sheets)), nil
}

// table is the fund-flow table for the case file (资金流向表).
func (a API) table(ctx context.Context, in *OfCase) (*file, error) {
	full, err := a.mayLook(ctx, in.Asked, in.Case, asWorkbook)
	if err != nil {
		return nil, err
	}
	graph, faces, err := a.picture(ctx, *in, full)
	if err != nil {
		return nil, err
	}
	body, err := sheet.Write(sheet.Input{Graph: graph, Faces: faces, Banks: a.App.City.Banks, Full: full})
	if err != nil {
		return nil, err
	}
	return &file{ContentType: xlsxType, Disposition: `attachment; filename="fund-flow.xlsx"`, Cache: "no-store", Policy: "default-src 'none'", Body: body}, nil
}

type flowOutput struct {
	Cache string `header:"Cache-Control"`
	Body  flowBody
}

// flow is the fund flow for programs.
func (a API) flow(ctx context.Context, in *OfCase) (*flowOutput, error) {
	full, err := a.mayLook(ctx, in.Asked, in.Case, asData)
	if err != nil {
		return nil, err
	}
	graph, faces, err := a.picture(ctx, *in, full)
	if err != nil {
		return nil, err
	}
	return &flowOutput{Cache: "no-store", Body: a.flowBody(graph, faces, full)}, nil
}

// placed is an amount of the case's money at one place.
type placed struct {
	Where  flow.Where `json:"where" doc:"returned, frozen, stopped, transferred, elsewhere, pending, unverified, withheld, under-minimum, beyond-level, unstopped, cashed-out, untraceable"`
	Name   string     `json:"name"`
	NameEN string     `json:"nameEn"`
	Amount money.Fen  `json:"amountFen"`
}

func placedAt(shares []flow.Share) []placed {
	all := []placed{}
	for _, s := range shares {
		name, english := chart.WhereName(s.Where)
		all = append(all, placed{s.Where, name, english, s.Amount})
	}
	return all
}
