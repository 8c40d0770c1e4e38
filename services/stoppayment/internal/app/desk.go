package app

import (
	"context"

	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// Machine is a bank's machine, as one who acts.
func Machine(code identity.BankCode) es.Actor {
	return es.Actor{User: "machine-" + string(code), Unit: string(code), Role: "bank-machine"}
}

// Desk carries one command to what is kept of a bank outside any account.
func (a App) Desk(ctx context.Context, code identity.BankCode, cause es.Cause, cmd domain.DeskCommand) error {
	_, err := a.Desks.Handle(ctx, string(code), cause, es.AnyRevision, cmd)
	return err
}
