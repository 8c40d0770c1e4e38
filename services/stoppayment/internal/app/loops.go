package app

import (
	"context"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/alarm"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// Loops are all that the service does without being asked: it hears the log and
// acts when a clock runs out.
func (a App) Loops() []func(context.Context) error {
	return append(a.Clocks(), a.ProtectiveClocks().Run, a.Reports, a.Reactor().Run, a.Refusals)
}

// Clocks wake accounts and chases when one of their clocks runs out.
func (a App) Clocks() []func(context.Context) error {
	accounts := alarm.Loop[domain.Account, domain.AccountCommand, event.AccountEvent]{
		Case: a.Accounts, Log: a.City.Log, Clock: a.City.Clock, Wake: domain.Wake, Correlation: correlation,
		Prepare: a.prepare, Abreast: abreast, Reminds: domain.Reminds,
		Actor: service.SystemActor(Name), Logger: a.City.Logger,
	}
	pursuits := alarm.Loop[domain.Pursuit, domain.PursuitCommand, event.PursuitEvent]{
		Case: a.Pursuits, Log: a.City.Log, Clock: a.City.Clock, Wake: domain.WakePursuit,
		Correlation: func(p domain.Pursuit, _ es.Alarm) string { return string(p.Case) },
		Actor:       service.SystemActor(Name), Logger: a.City.Logger,
	}
	return []func(context.Context) error{accounts.Run, pursuits.Run, a.approvalClocks().Run}
}
