package event_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
)

var samples = flag.Bool("samples", false, "write golden samples for events that have none; an existing sample is never touched")

// A golden sample is one stored event as some city has it on disk. It is
// decoded for ever: a change of a type that loses one of its fields fails here.
func TestEveryStoredEventReadsBackAsItWasWritten(t *testing.T) {
	codec := event.Codecs()
	for _, name := range codec.Names() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("samples", name+".json")
			golden, err := os.ReadFile(path)
			if errors.Is(err, os.ErrNotExist) && *samples {
				golden = writeSample(t, codec, name, path)
			} else if err != nil {
				t.Fatalf("no golden sample: %v (go test ./event -samples writes missing ones)", err)
			}
			e, err := codec.Decode(name, golden)
			if err != nil {
				t.Fatal(err)
			}
			stored, data, err := codec.Encode(e)
			if err != nil || stored != name {
				t.Fatalf("encodes as %q, %v", stored, err)
			}
			if diff := cmp.Diff(generic(t, golden), generic(t, data)); diff != "" {
				t.Errorf("a stored field is lost or changed (-stored +read):\n%s", diff)
			}
		})
	}
}

func TestEverySampleHasAnEvent(t *testing.T) {
	codec := event.Codecs()
	files, err := filepath.Glob("samples/*.json")
	if err != nil || len(files) < len(codec.Names()) {
		t.Fatalf("%d samples for %d events, %v", len(files), len(codec.Names()), err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(f[:len(f)-len(".json")])
		if _, err := codec.Decode(name, data); err != nil {
			t.Errorf("%s: stored once, unreadable now: %v", name, err)
		}
	}
}

func TestAnUnknownEventIsAnErrorNotAPanic(t *testing.T) {
	if _, err := event.Codecs().Decode("stop-executed.v99", []byte(`{}`)); !errors.Is(err, event.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
	if _, err := event.Codecs().Decode("stop-executed.v1", []byte(`{"balanceBeforeFen":1.5}`)); err == nil {
		t.Error("half a fen was read")
	}
}

func FuzzDecode(f *testing.F) {
	codec := event.Codecs()
	for _, name := range codec.Names() {
		if data, err := os.ReadFile(filepath.Join("samples", name+".json")); err == nil {
			f.Add(name, data)
		}
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		e, err := codec.Decode(name, data)
		if err != nil {
			return
		}
		if _, _, err := codec.Encode(e); err != nil {
			t.Skip("a decoded value that JSON cannot write, such as a year beyond 9999")
		}
	})
}

func generic(t *testing.T, data []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// writeSample fills every field of the event, so that a lost one shows.
func writeSample(t *testing.T, codec event.Codec[event.Event], name, path string) []byte {
	t.Helper()
	e, err := codec.Decode(name, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.New(reflect.TypeOf(e)).Elem()
	fill(v)
	filled, _ := reflect.TypeAssert[event.Event](v)
	_, data, err := codec.Encode(filled)
	if err != nil {
		t.Fatal(err)
	}
	var pretty any = json.RawMessage(data)
	data, err = json.MarshalIndent(pretty, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil { //nolint:gosec // a file of the repository
		t.Fatal(err)
	}
	return data
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x1")
	case reflect.Uint64:
		v.SetUint(7)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte{1, 2})
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC)))
			return
		}
		for _, field := range v.Fields() {
			fill(field)
		}
	default:
		panic("no sample for " + v.Kind().String())
	}
}
