// Package rest is the web edge of the casebook: it shows, and changes nothing.
package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/casebook/internal/view"
)

// Name of the service in logs and paths of files.
const Name = "casebook"

// patience bounds how long a request waits for the view.
const patience = 10 * time.Second

// errNoCase is told of a case that is not known, or was not yet.
var errNoCase = rule.New("case-unknown", "没有此案件", "there is no such case", "").As(rule.NotFound)

// errNoStream is told of a stream that is not known, or was not yet, or is of no
// kind that belongs here.
var errNoStream = rule.New("stream-unknown", "没有此事件流", "there is no such stream", "").As(rule.NotFound)

// errPosition refuses a position that no answer can have given.
var errPosition = rule.New("position-unknown", "日志中没有该位置", "the log has no such position yet", "").As(rule.Invalid)

// Rules lists the rules of this service for the page at /rules.
func Rules() []rule.Rule {
	return []rule.Rule{errNoCase.Rule, errNoStream.Rule, errPosition.Rule, entry.ErrTimeAhead.Rule, service.ErrCursor.Rule}
}

// API is what the handlers need.
type API struct {
	Histories view.Histories
	Clock     clock.Clock
}

// Routes puts the paths of the casebook on a mux.
func (a API) Routes(mux *http.ServeMux) huma.API {
	api := service.NewAPI(mux, Name, "卷宗服务 Casebook")
	op := func(path, id, summary string) huma.Operation {
		return service.Operation("GET", path, id, Name, summary, http.StatusOK)
	}
	huma.Register(api, op("/v1/histories/{case}", "get-history", "卷宗回放 A case's events over all services, as known at an instant"), a.history)
	huma.Register(api, op("/v1/histories/streams", "list-streams", "事件流列表 The streams of events, also those of no case, as known at an instant"), a.streams)
	huma.Register(api, op("/v1/histories/streams/{stream}", "get-stream", "事件流回放 The events of one stream, as known at an instant"), a.stream)
	huma.Register(api, op("/v1/figures/{case}", "get-figures", "案件金额 A case's amounts, folded from its events"), a.figures)
	return api
}

// Asked is what both requests about a case say. It is exported since huma fills
// no other embedded struct.
type Asked struct {
	Case string `path:"case" maxLength:"64"`
	AsOf
}

// AsOf is what every request says: of which instant, and how current the answer
// has to be.
type AsOf struct {
	At         time.Time `query:"at" doc:"the instant (RFC 3339); all that is known, if absent"`
	After      uint64    `query:"after" doc:"a position: answer only once everything up to it has been read (10 s at most)"`
	Consistent bool      `query:"consistent" doc:"answer only once all that is in the log by now has been read (10 s at most)"`
}

// mayRead lets the police and auditors read: neither bank desks nor those who
// run the machines.
func mayRead(ctx context.Context) error {
	_, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator, access.Chief, access.Auditor)
	return err
}

// extent waits as long as it was asked to, and finds how far the history of the
// case reaches.
func (a API) extent(ctx context.Context, in Asked) (view.Extent, error) {
	if err := a.wait(ctx, in.AsOf); err != nil {
		return view.Extent{}, err
	}
	extent, err := a.Histories.Extent(ctx, in.Case, in.At)
	if err == nil && extent.Position == eventlog.Start {
		err = errNoCase
	}
	return extent, err
}

// wait waits as long as it was asked to.
func (a API) wait(ctx context.Context, in AsOf) error {
	// What is to be known in the future is not known yet: an answer about it
	// would be another one tomorrow.
	if in.At.After(a.Clock.Now()) {
		return entry.ErrTimeAhead.At("/at")
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := a.Histories.Wait(waiting, eventlog.Position(in.After), in.Consistent)
	if errors.Is(err, view.ErrBeyond) {
		return errPosition.At("/after")
	}
	return err
}
