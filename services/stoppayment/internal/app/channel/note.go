package channel

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// markSent stores that the bank has taken an order. An order can be sent more
// than once, after it was queued, so that each delivery is a command of its own;
// the account takes it once.
func (c *courier) markSent(ctx context.Context, row view.Row, batch string) error {
	cause := c.given(identity.Derive("machine-sent", string(row.Order), batch), string(row.Case))
	cause.Actor = app.Machine(c.way.Bank)
	_, err := c.App.Said(ctx, app.Ordered{Order: row.Order, Account: row.Account, Protective: row.Protective}, cause, es.AnyRevision, domain.MarkSent{Order: row.Order, Channel: domain.ByMachine, At: cause.At})
	return err
}

func (c *courier) noteUndelivered(ctx context.Context, row view.Row, why string, tries int) error {
	cause := c.given(uuid.New(), string(row.Case))
	_, err := c.App.Said(ctx, app.Ordered{Order: row.Order, Account: row.Account, Protective: row.Protective}, cause, es.AnyRevision, domain.NoteUndelivered{Order: row.Order, Cause: why, Attempts: tries, At: cause.At})
	return err
}

func (c *courier) noteUnreachable(ctx context.Context, why string) error {
	c.log.Warn("a bank's machine does not answer", slog.String("cause", why))
	cause := c.given(uuid.New(), "")
	return c.App.Desk(ctx, c.way.Bank, cause, domain.NoteUnreachable{Bank: c.way.Bank, Cause: why, At: cause.At})
}

func (c *courier) noteReachable(ctx context.Context) error {
	cause := c.given(uuid.New(), "")
	return c.App.Desk(ctx, c.way.Bank, cause, domain.NoteReachable{Bank: c.way.Bank, At: cause.At})
}

func (c *courier) given(command uuid.UUID, correlation string) es.Cause {
	return es.Cause{Command: command, Actor: service.SystemActor(app.Name), Correlation: correlation, At: c.App.City.Clock.Now()}
}
