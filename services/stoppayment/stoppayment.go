package stoppayment

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/yuanlu/yuanlu/api/rules"
	machine "github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/channel"
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
	banks, err := view.OpenBanks(ctx, city)
	if err != nil {
		return service.Part{}, errors.Join(err, orders.Close())
	}
	remedies, err := view.OpenRemedies(ctx, city)
	if err != nil {
		return service.Part{}, errors.Join(err, orders.Close(), banks.Close())
	}
	clocks, err := view.OpenClocks(ctx, city)
	if err != nil {
		return service.Part{}, errors.Join(err, orders.Close(), banks.Close(), remedies.Close())
	}
	api := rest.New(a, orders, banks, remedies, entry.Desk{Keys: city.Keys, Banks: city.Banks})
	api.Clocks = clocks
	sender := channel.Sender{App: a, Orders: orders, Write: api.Message, Pace: channel.Steady()}
	return service.Part{
		Name:      app.Name,
		Prefixes:  []string{"/v1/standing-approvals", "/v1/pursuits", "/v1/orders", "/v1/accounts", "/v1/bank/orders", "/v1/machine", "/v1/banks", "/v1/discrepancies", "/v1/objections", "/v1/notices", "/v1/wrong-stops", "/v1/disproportions", "/v1/protective-stops", "/v1/clocks"},
		Rules:     slices.Concat(domain.Rules(), entry.Rules(), machine.Rules()),
		Published: rules.All(),
		Routes:    func(mux *http.ServeMux) { api.Routes(mux) },
		Run: func(ctx context.Context) error {
			return service.Together(ctx, append(a.Loops(), orders.Run, banks.Run, remedies.Run, clocks.Run, sender.Run)...)
		},
		Ready: service.CaughtUp(orders.View, banks.View, remedies.View, clocks.View),
		Close: func() error { return errors.Join(orders.Close(), banks.Close(), remedies.Close(), clocks.Close()) },
	}, nil
}
