package warning

import (
	"context"
	"net/http"

	"github.com/yuanlu/yuanlu/api/rules"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/warning/internal/app"
	"github.com/yuanlu/yuanlu/services/warning/internal/domain"
	"github.com/yuanlu/yuanlu/services/warning/internal/rest"
	"github.com/yuanlu/yuanlu/services/warning/internal/view"
)

// New makes the warning service of a city.
func New(ctx context.Context, city service.City) (service.Part, error) {
	a, err := app.New(city)
	if err != nil {
		return service.Part{}, err
	}
	alerts, err := view.Open(ctx, city)
	if err != nil {
		return service.Part{}, err
	}
	api := rest.API{App: a, Alerts: alerts, Desk: entry.Desk{Keys: city.Keys, Banks: city.Banks}}
	return service.Part{
		Name:      app.Name,
		Prefixes:  []string{"/v1/alerts"},
		Rules:     append(domain.Rules(), entry.Rules()...),
		Published: rules.All(),
		Routes:    func(mux *http.ServeMux) { api.Routes(mux) },
		Run: func(ctx context.Context) error {
			return service.Together(ctx, alerts.Run, a.Alarms().Run)
		},
		Ready: service.CaughtUp(alerts.View),
		Close: alerts.Close,
	}, nil
}
