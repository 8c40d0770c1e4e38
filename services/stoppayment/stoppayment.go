package stoppayment

import (
	"context"
	"net/http"

	"github.com/yuanlu/yuanlu/api/rules"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/rest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// New makes the stop-payment service of a city.
func New(ctx context.Context, city service.City) (service.Part, error) {
	a := app.New(city)
	orders, err := view.Open(ctx, city)
	if err != nil {
		return service.Part{}, err
	}
	api := rest.New(a, orders, entry.Desk{Keys: city.Keys, Banks: city.Banks})
	return service.Part{
		Name:      app.Name,
		Prefixes:  []string{"/v1/standing-approvals", "/v1/pursuits", "/v1/orders", "/v1/accounts", "/v1/bank/orders"},
		Rules:     append(domain.Rules(), entry.Rules()...),
		Published: rules.All(),
		Routes:    func(mux *http.ServeMux) { api.Routes(mux) },
		Run: func(ctx context.Context) error {
			return service.Together(ctx, orders.Run, a.Reactor().Run, a.Clocks().Run)
		},
		Ready: service.CaughtUp(orders.View),
		Close: orders.Close,
	}, nil
}
