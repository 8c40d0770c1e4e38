package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/casebook"
	"github.com/yuanlu/yuanlu/services/intake"
	"github.com/yuanlu/yuanlu/services/refund"
	"github.com/yuanlu/yuanlu/services/stoppayment"
	"github.com/yuanlu/yuanlu/services/warning"
)

// maker makes one service of a city.
type maker struct {
	name string
	make service.New
}

// services are all services of a city. Banks are never among them: whatever
// answers orders is outside.
func services() []maker {
	return []maker{
		{"intake", intake.New},
		{"warning", warning.New},
		{"stoppayment", stoppayment.New},
		{"refund", refund.New},
		{"casebook", casebook.New},
	}
}

// parts makes all services, or none.
func parts(ctx context.Context, city service.City) ([]service.Part, error) {
	var made []service.Part
	for _, m := range services() {
		part, err := m.make(ctx, city)
		if err != nil {
			errs := []error{fmt.Errorf("%s: %w", m.name, err)}
			for _, p := range made {
				errs = append(errs, p.Close())
			}
			return nil, errors.Join(errs...)
		}
		made = append(made, part)
	}
	return made, nil
}
