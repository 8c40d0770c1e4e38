package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// patient bounds every wait for something that another goroutine does.
const patient = time.Minute

var (
	errBlank  = rule.New("note-blank", "内容为空", "a note is blank", "<法>").As(rule.Invalid)
	errInside = errors.New("a pipe has burst")
)

// noted is all that can happen to a note.
type noted struct {
	Text string `json:"text"`
}

type notedCodec struct{}

func (notedCodec) Encode(e noted) (string, []byte, error) {
	data, err := json.Marshal(e)
	return "noted.v1", data, err
}

func (notedCodec) Decode(_ string, data []byte) (noted, error) {
	var e noted
	return e, json.Unmarshal(data, &e)
}

// notes is the service of these tests.
type notes struct {
	ready   atomic.Bool
	closed  atomic.Bool
	working chan struct{} // closed when the background work has ended
	entered chan string   // told which request has come in
	release chan struct{} // lets the slow request go on
	broken  chan error    // ends the background work
}

func newNotes() *notes {
	n := &notes{working: make(chan struct{}), entered: make(chan string, 10), release: make(chan struct{}), broken: make(chan error, 1)}
	n.ready.Store(true)
	return n
}

type noteInput struct {
	service.Command
	ID   string `path:"id"`
	Body struct {
		Text string `json:"text"`
	}
}

type noteOutput struct {
	service.Answer
	Body struct {
		Texts []string  `json:"texts"`
		At    time.Time `json:"at"`
	}
}

func (n *notes) New(_ context.Context, city service.City) (service.Part, error) {
	noting := es.Case[[]string, string, noted]{
		Decider: es.Decider[[]string, string, noted]{
			Decide: func(_ []string, text string) ([]noted, error) {
				switch text {
				case "":
					return nil, errBlank.At("/text")
				case "burst":
					return nil, errInside
				}
				return []noted{{text}}, nil
			},
			Evolve: func(s []string, e noted) []string { return append(s[:len(s):len(s)], e.Text) },
		},
		Category: "note", Codec: notedCodec{}, Log: city.Log, Suite: city.Suite, Now: city.Clock.Now,
	}
	take := func(ctx context.Context, in *noteInput) (*noteOutput, error) {
		who, err := access.Require(ctx)
		if err != nil {
			return nil, err
		}
		cause, expected, err := city.Given(ctx, in.Command, in.Body, who, in.ID)
		if err != nil {
			return nil, err
		}
		out, err := noting.Handle(ctx, in.ID, cause, expected, in.Body.Text)
		if err != nil {
			return nil, err
		}
		answer := &noteOutput{Answer: service.Answered(out.Revision, out.Repeated)}
		answer.Body.Texts, answer.Body.At = out.State, cause.At
		return answer, nil
	}
	return service.Part{
		Name: "notes", Prefixes: []string{"/v1/notes"}, Rules: []rule.Rule{errBlank.Rule, errBlank.Rule},
		Routes: func(mux *http.ServeMux) {
			api := service.NewAPI(mux, "notes", "Notes")
			huma.Register(api, service.Operation(http.MethodPost, "/v1/notes/{id}", "note", "notes", "note", http.StatusOK), take)
			huma.Register(api, service.Operation(http.MethodPost, "/v1/notes/{id}/again", "note-again", "notes", "note again", http.StatusOK), take)
			mux.HandleFunc("GET /v1/notes/panic", func(http.ResponseWriter, *http.Request) { panic("13800138000") })
			mux.HandleFunc("GET /v1/notes/hangup", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			mux.HandleFunc("GET /v1/notes/poll", func(w http.ResponseWriter, r *http.Request) {
				n.entered <- "poll"
				<-r.Context().Done()
				_, _ = io.WriteString(w, "nothing new")
			})
			mux.HandleFunc("POST /v1/notes/slow", func(w http.ResponseWriter, r *http.Request) {
				n.entered <- "slow"
				<-n.release
				if err := r.Context().Err(); err != nil {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				select {
				case <-n.working:
					w.WriteHeader(http.StatusServiceUnavailable)
				default:
					_, _ = io.WriteString(w, "carried out")
				}
			})
		},
		Run: func(ctx context.Context) error {
			defer close(n.working)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case err := <-n.broken:
				return err
			}
		},
		Ready: func() error {
			if !n.ready.Load() {
				return service.ErrNotReady
			}
			return nil
		},
		Close: func() error { n.closed.Store(true); return nil },
	}, nil
}

// records keeps what a service logs.
type records struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *records) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for line := range bytes.Lines(r.text.Bytes()) {
		lines = append(lines, string(line))
	}
	return lines
}

// open makes a city that runs notes.
func open(t *testing.T, change func(*citytest.City)) (*citytest.City, *notes, *records) {
	t.Helper()
	c, n, r := citytest.Open(t), newNotes(), &records{}
	c.Logger = slog.New(slog.NewJSONHandler(r, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if change != nil {
		change(c)
	}
	c.Run(n.New)
	return c, n, r
}

func receive[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patient):
		t.Fatal("nothing came")
	}
	return v
}

func li() access.Person { return citytest.Officer("001234", access.DutyOfficer) }
