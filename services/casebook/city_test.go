package casebook_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/casebook"
)

// office is a casebook over a real node, with a pen to write as the services do.
type office struct {
	city  *citytest.City
	clock *citytest.Hand
}

func open(t *testing.T) *office {
	t.Helper()
	o := found(t)
	o.begin(t)
	return o
}

// found makes an office whose casebook is not open yet.
func found(t *testing.T) *office {
	t.Helper()
	c := citytest.Open(t)
	return &office{c, c.StandStill(time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC))}
}

// begin opens the casebook.
func (o *office) begin(t *testing.T) {
	t.Helper()
	o.city.Run(casebook.New)
}

// pen writes events to one kind of stream as a service would, a minute after
// those before.
func pen[E any](t *testing.T, o *office, category string, codec es.Codec[E]) func(id, correlation string, events ...E) {
	t.Helper()
	write := citytest.Pen(o.city, category, codec)
	return func(id, correlation string, events ...E) {
		t.Helper()
		write(id, correlation, events...)
		o.clock.Forward(time.Minute)
	}
}

// get asks as a given role and returns status and body.
func (o *office) get(t *testing.T, role access.Role, path string) (int, []byte) {
	t.Helper()
	who := access.Person{User: "001234", Unit: "440900000000", Level: access.City, Role: role}
	if role == access.BankDesk {
		who = citytest.Desk(o.city.Banks.All()[0].Code)
	}
	if role == "" {
		who = access.Person{} // nobody
	}
	a := o.city.Get(who, path)
	return a.Status, a.Body
}

// entry is one event of a history as a reader sees it.
type entry struct {
	Position   uint64          `json:"position"`
	Stream     string          `json:"stream"`
	Revision   uint64          `json:"revision"`
	Type       string          `json:"type"`
	ID         uuid.UUID       `json:"id"`
	RecordedAt time.Time       `json:"recordedAt"`
	Data       json.RawMessage `json:"data"`
	Meta       string          `json:"meta"`
	Link       bool            `json:"link"`
	Hash       string          `json:"hash"`
	PrevHash   string          `json:"prevHash"`
}

type history struct {
	Case       string    `json:"case"`
	Stream     string    `json:"stream"`
	At         time.Time `json:"at"`
	Position   uint64    `json:"position"`
	Complete   bool      `json:"complete"`
	Events     []entry   `json:"events"`
	NextCursor string    `json:"nextCursor"`
}

func (o *office) history(t *testing.T, path string) (history, []byte) {
	t.Helper()
	status, body := o.get(t, access.Auditor, path)
	var h history
	if err := json.Unmarshal(body, &h); status != http.StatusOK || err != nil {
		t.Fatalf("%s: %d %s", path, status, body)
	}
	return h, body
}

// lots of one case that the stories below tell.
func lots(id identity.CaseID, own, rest int64) []event.Lot {
	return []event.Lot{{Case: id, Amount: fen(own)}, {Amount: fen(rest)}}
}
