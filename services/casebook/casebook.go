package casebook

import (
	"context"
	"net/http"

	"github.com/yuanlu/yuanlu/api/rules"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/casebook/internal/rest"
	"github.com/yuanlu/yuanlu/services/casebook/internal/view"
)

// New makes the casebook of a city.
func New(ctx context.Context, city service.City) (service.Part, error) {
	histories, err := view.Open(ctx, city)
	if err != nil {
		return service.Part{}, err
	}
	api := rest.API{Histories: histories, Clock: city.Clock}
	return service.Part{
		Name:      rest.Name,
		Prefixes:  []string{"/v1/histories", "/v1/figures"},
		Rules:     rest.Rules(),
		Published: rules.All(),
		Routes:    func(mux *http.ServeMux) { api.Routes(mux) },
		Run:       histories.Run,
		Ready:     service.CaughtUp(histories.View),
		Close:     histories.Close,
	}, nil
}
