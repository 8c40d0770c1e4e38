package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

const (
	// partBytes is how much of a statement goes into one command, as it is stored.
	partBytes = 256 << 10
	// besideBytes is how much of one goes into a command that brings more than rows:
	// whatever follows from the rows must have room in the same append.
	besideBytes = 64 << 10
)

// handled is what a command to an account has led to.
type handled = es.Outcome[domain.Account, event.AccountEvent]

// inParts carries a command to an account, one part of its statement after the
// other: with the first, that the bank has stopped the account is on record.
// Each part is a command of its own whose id is derived from the one that was
// given, so that the same command given again completes what a crash cut short.
func (a App) inParts(ctx context.Context, id identity.AccountID, cause es.Cause, expected es.Expected, cmd domain.AccountCommand) (handled, error) {
	first, rest := split(cmd)
	done, err := a.Accounts.Handle(ctx, string(id), cause, expected, first)
	if err != nil {
		return done, err
	}
	for n, part := range rest {
		own := cause
		own.Command = uuid.NewSHA1(cause.Command, fmt.Appendf(nil, "part-%d", n+2))
		next, err := a.Accounts.Handle(ctx, string(id), own, es.AnyRevision, part)
		if err != nil {
			return next, err
		}
		next.Events, next.Repeated = append(done.Events, next.Events...), done.Repeated
		done = next
	}
	return a.continued(ctx, id, cause, done), nil
}

// continued stores the outflows that an attribution has no room for in one
// event. Whatever keeps it from that, a clock of the account comes back to it.
func (a App) continued(ctx context.Context, id identity.AccountID, cause es.Cause, done handled) handled {
	for done.State.Continued < done.State.Attribution.Parts {
		own := es.Cause{
			Command:     identity.Derive("continue", string(id), fmt.Sprint(done.State.Attribution.Revision), fmt.Sprint(done.State.Continued)),
			Actor:       service.SystemActor(Name),
			Correlation: cause.Correlation, Causation: cause.Causation, At: cause.At,
		}
		next, err := a.Accounts.Handle(ctx, string(id), own, es.AnyRevision, domain.ContinueAttribution{At: cause.At})
		if err != nil || next.State.Continued == done.State.Continued {
			return done
		}
		done.State, done.Revision = next.State, next.Revision
	}
	return done
}

// split cuts the statement of an answer into what one command has room for. Where
// it is long the answer itself goes alone: that the bank has stopped the account is
// on record whatever becomes of the rows.
func split(cmd domain.AccountCommand) (first domain.AccountCommand, rest []domain.AccountCommand) {
	switch cmd := any(cmd).(type) {
	case domain.AnswerStop:
		s := cmd.Statement
		s.Corrects = s.Corrects || cmd.Corrects
		if !long(s, 0) {
			return cmd, nil
		}
		cmd.Statement = domain.Statement{}
		return cmd, further(cmd.Order, cut(s), domain.AddRows{Method: cmd.Method, At: cmd.At})
	case domain.AnswerQuery:
		if !long(cmd.Statement, domain.AnswerSize(cmd)) {
			return cmd, nil
		}
		s := cmd.Statement
		cmd.Statement = domain.Statement{}
		return cmd, further(cmd.Order, cut(s), domain.AddRows{Method: cmd.Method, At: cmd.At})
	}
	return cmd, nil
}

// long tells whether a statement is too long to go with the rest of an answer.
func long(s domain.Statement, beside int) bool {
	for _, row := range s.Rows {
		beside += domain.RowSize(row)
	}
	return s.Given && beside > besideBytes && len(s.Rows) <= domain.MaxRows
}

func further(order identity.OrderID, parts []domain.Statement, like domain.AddRows) []domain.AccountCommand {
	commands := make([]domain.AccountCommand, len(parts))
	for n, part := range parts {
		like.Order, like.Statement = order, part
		commands[n] = like
	}
	return commands
}

// cut makes parts of a statement that is too long for one command. One that is a
// part already stays as it is.
func cut(s domain.Statement) []domain.Statement {
	var parts []domain.Statement
	part, bytes := domain.Statement{Given: s.Given, Opening: s.Opening, Corrects: s.Corrects}, 0
	for n, row := range s.Rows {
		size := domain.RowSize(row)
		if bytes+size > partBytes && len(part.Rows) > 0 {
			parts = append(parts, part)
			part, bytes = domain.Statement{Given: true, Opening: s.Rows[n-1].Balance, Corrects: s.Corrects}, 0
		}
		part.Rows = append(part.Rows, row)
		bytes += size
	}
	parts = append(parts, part)
	if len(parts) == 1 || s.Parts > 1 || len(s.Rows) > domain.MaxRows {
		return []domain.Statement{s}
	}
	for n := range parts {
		parts[n].Part, parts[n].Parts = n+1, len(parts)
	}
	return parts
}

// discrepancies are what of an answer does not fit, for the bank to see. What it
// says of earlier transfers is for officers.
func discrepancies(events []event.AccountEvent) (found []event.BankDiscrepancyFound) {
	for _, e := range events {
		if d, ok := e.(event.BankDiscrepancyFound); ok && d.Kind != domain.InflowMissing {
			found = append(found, d)
		}
	}
	return found
}
