package app

import (
	"context"

	"github.com/yuanlu/yuanlu/libs/es"
)

// Carry carries an intent out, as the reactor does.
func (a App) Carry(ctx context.Context, cause es.Cause, i Intent) error {
	return a.carry(ctx, cause, i)
}

// ErrParent is that the parent's order is not there yet.
var ErrParent = errParent
