package intake

import (
	"context"
	"net/http"

	"github.com/yuanlu/yuanlu/api/rules"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/intake/internal/app"
	"github.com/yuanlu/yuanlu/services/intake/internal/domain"
	"github.com/yuanlu/yuanlu/services/intake/internal/rest"
	"github.com/yuanlu/yuanlu/services/intake/internal/view"
)

// New makes the intake service of a city.
func New(ctx context.Context, city service.City) (service.Part, error) {
	a := app.New(city)
	cases, err := view.Open(ctx, city)
	if err != nil {
		return service.Part{}, err
	}
	api := rest.API{App: a, Cases: cases, Desk: entry.Desk{Keys: city.Keys, Banks: city.Banks}}
	return service.Part{
		Name:      app.Name,
		Prefixes:  []string{"/v1/reports", "/v1/cases", "/rules"},
		Rules:     append(domain.Rules(), entry.Rules()...),
		Published: rules.All(),
		Routes:    func(mux *http.ServeMux) { api.Routes(mux) },
		Run: func(ctx context.Context) error {
			return service.Together(ctx, cases.Run, a.Reactor().Run)
		},
		Ready: service.CaughtUp(cases.View),
		Close: cases.Close,
	}, nil
}
