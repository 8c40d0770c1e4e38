// Package payload makes the events that everybody is measured with: 1 KiB each,
// of the shape of a real one, and no easier to compress.
package payload

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/es"
)

// Bytes is what data and metadata of one event weigh together.
const Bytes = 1024

// Type is the type of every event.
const Type = "stop-executed.v1"

// Event is what is stored.
type Event struct {
	Type string
	Data []byte // JSON
	Meta []byte // JSON, of the size that the kernel writes
}

// Body is the content of an event: a few plain fields, and a sealed one that
// looks like noise, as personal data does in the log.
type Body struct {
	Account   string `json:"account"`
	Bank      string `json:"bank"`
	AmountFen int64  `json:"amountFen"`
	At        string `json:"at"`
	Sealed    string `json:"sealed"`
}

// New makes an event that is like no other.
func New() Event {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	meta := encode(es.Meta{
		Correlation: "case-" + uuid.NewString(), Causation: uuid.NewString(), Command: uuid.New(), Input: noiseHex(16),
		Actor: es.Actor{User: "090001", Unit: "440982000000", Role: "duty-officer"}, OccurredAt: at, RecordedAt: at,
		Traceparent: "00-" + noiseHex(16) + "-" + noiseHex(8) + "-01", Suite: "sm3",
		Prev: noiseHex(32), Hash: noiseHex(32),
	})
	return Event{Type: Type, Data: encode(NewBody(Bytes - len(meta))), Meta: meta}
}

// NewBody makes a content of the given size in bytes as JSON.
func NewBody(size int) Body {
	b := Body{Account: "6222" + noiseHex(6), Bank: "102100099996", AmountFen: 1_234_500, At: "2026-03-01T12:00:00Z"}
	b.Sealed = noise(max(size-len(encode(b)), 0))
	return b
}

// Pool makes n events. Writers take turns with them, so that no time is measured
// in which noise is made.
func Pool(n int) []Event {
	events := make([]Event, n)
	for i := range events {
		events[i] = New()
	}
	return events
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // these types always encode
	}
	return text
}

// noise is a text of n random characters.
func noise(n int) string {
	return base64.RawURLEncoding.EncodeToString(random(n))[:n]
}

// noiseHex is n random bytes in hexadecimal.
func noiseHex(n int) string { return hex.EncodeToString(random(n)) }

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) //nolint:errcheck // it never returns an error
	return b
}
