package view_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/view"
)

var (
	errNewer  = errors.New("newer than this build")
	errBroken = errors.New("broken")
)

// speech knows said.v1 and nothing else; an event that says "!" is broken.
type speech struct{}

func (speech) Encode(e string) (string, []byte, error) { return "said.v1", []byte(e), nil }

func (speech) Decode(name string, data []byte) (string, error) {
	switch {
	case name != "said.v1":
		return "", errNewer
	case string(data) == "!":
		return "", errBroken
	}
	return string(data), nil
}

func TestAViewDoesWithoutWhatIsNewerAndStopsAtWhatIsBroken(t *testing.T) {
	log, cfg := openLog(t), counting(filepath.Join(t.TempDir(), "v"))
	apply := cfg.Apply
	cfg.Apply = view.Folding("test", speech{}, errNewer, func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, _ string) error {
		return apply(ctx, tx, r)
	})
	v := open(t, log, cfg)
	ended := make(chan error, 1)
	go func() { ended <- v.Run(t.Context()) }()
	for _, e := range []eventlog.Event{
		{Type: "said.v1", Data: []byte(`{}`)}, {Type: "said.v2", Data: []byte(`{}`)}, {Type: "said.v1", Data: []byte(`{}`)},
	} {
		e.ID, e.Meta = uuid.New(), []byte(`{}`)
		if _, err := log.Append(t.Context(), "talk-1", eventlog.Any, e); err != nil {
			t.Fatal(err)
		}
	}
	shows(t, v, map[string]int{"talk-1": 2})
	broken := eventlog.Event{ID: uuid.New(), Type: "said.v1", Data: []byte(`!`), Meta: []byte(`{}`)}
	if _, err := log.Append(t.Context(), "talk-1", eventlog.Any, broken); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, ended); !errors.Is(err, errBroken) {
		t.Errorf("it ended with %v", err)
	}
	shows(t, v, map[string]int{"talk-1": 2})
}
