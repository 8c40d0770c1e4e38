package es

import (
	"time"

	"github.com/google/uuid"
)

// Actor is who gave a command: a person of a unit, a bank desk, or a service
// acting by a rule (User "system:<service>").
type Actor struct {
	User string `json:"user"`           // police number, desk id or system name; never a name
	Unit string `json:"unit"`           // 12-digit unit code, or bank code of a desk
	Role string `json:"role,omitempty"` // duty-officer, shift-leader, chief, bank-desk, system, …
}

// Cause is where a command comes from. The same Command id acts once per
// stream; Input guards against the same id with another content.
type Cause struct {
	Command     uuid.UUID
	Input       string // keyed hash of what was asked; "" for commands a service gives itself
	Actor       Actor
	Correlation string    // the case all this belongs to
	Causation   string    // id of the event that led to this; "" at the edge
	At          time.Time // when the command was given (UTC)
}

// Meta is what every stored event says about itself, beside its content.
type Meta struct {
	Correlation string    `json:"$correlationId"`
	Causation   string    `json:"$causationId,omitempty"`
	Command     uuid.UUID `json:"commandId"`
	Input       string    `json:"inputHash,omitempty"`
	Actor       Actor     `json:"actor"`
	OccurredAt  time.Time `json:"occurredAt"`
	RecordedAt  time.Time `json:"recordedAt"`
	Traceparent string    `json:"traceparent,omitempty"`
	Suite       string    `json:"suite"`    // hash suite of the chain, "sm3"
	Prev        string    `json:"prevHash"` // hex; "" for the first event of a stream
	Hash        string    `json:"hash,omitempty"`
}
