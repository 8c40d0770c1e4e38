package refund

import (
	"context"
	"net/http"

	"github.com/yuanlu/yuanlu/api/rules"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/refund/internal/app"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
	"github.com/yuanlu/yuanlu/services/refund/internal/rest"
	"github.com/yuanlu/yuanlu/services/refund/internal/view"
)

// New makes the refund service of a city.
func New(ctx context.Context, city service.City) (service.Part, error) {
	a := app.New(city)
	refunds, err := view.Open(ctx, city)
	if err != nil {
		return service.Part{}, err
	}
	api := rest.API{App: a, Refunds: refunds, Desk: entry.Desk{Keys: city.Keys, Banks: city.Banks}}
	return service.Part{
		Name:      app.Name,
		Prefixes:  []string{"/v1/refunds", "/v1/bank/refund-notices"},
		Rules:     append(domain.Rules(), entry.Rules()...),
		Published: rules.All(),
		Routes:    func(mux *http.ServeMux) { api.Routes(mux) },
		Run: func(ctx context.Context) error {
			return service.Together(ctx, refunds.Run, a.Reactor().Run, a.Alarms().Run)
		},
		Ready: service.CaughtUp(refunds.View),
		Close: refunds.Close,
	}, nil
}
