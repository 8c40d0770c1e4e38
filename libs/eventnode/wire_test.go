package eventnode_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/cockroachdb/pebble/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

func someID(t *rapid.T) uuid.UUID {
	return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
}

func someBytes(t *rapid.T, name string, most int) []byte {
	n := rapid.SampledFrom([]int{0, 1, 5, 100, 127, 128, 129, most}).Draw(t, name+" size")
	return bytes.Repeat([]byte{rapid.Byte().Draw(t, name)}, min(n, most))
}

func someText(t *rapid.T, name string, most int) []byte {
	return bytes.Repeat([]byte("k"), len(someBytes(t, name, most)))
}

func someStored(t *rapid.T) eventnode.Stored {
	number := rapid.SampledFrom([]uint64{0, 1, 127, 128, 1 << 20, 1<<63 - 1})
	return eventnode.Stored{
		Position: number.Draw(t, "position"), Revision: number.Draw(t, "revision"),
		Created: int64(number.Draw(t, "created")), ID: someID(t), JSON: rapid.Bool().Draw(t, "json"),
		Stream: someText(t, "stream", 4096), Kind: someText(t, "kind", 20000),
		Meta: someBytes(t, "meta", 20000), Data: someBytes(t, "data", 70000),
	}
}

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := someStored(t)
		want.Stub = rapid.Bool().Draw(t, "stub")
		stored, size := want.Encode()
		if len(stored) != size {
			t.Fatalf("%d bytes, foretold were %d", len(stored), size)
		}
		got, err := eventnode.Decode(want.Position, stored)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestDamagedRecordsAreNotReadBeyondTheirEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored, _ := someStored(t).Encode()
		stored = stored[:rapid.IntRange(0, len(stored)).Draw(t, "cut")]
		for range rapid.IntRange(0, 3).Draw(t, "flips") {
			if n := min(len(stored), 60); n > 0 {
				stored[rapid.IntRange(0, n-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			}
		}
		_, _ = eventnode.Decode(1, bytes.Clone(stored)) // it does not panic
		if len(stored) < 50 && len(stored) > 0 && stored[0] == 2 {
			if _, err := eventnode.Decode(1, stored); err == nil {
				t.Fatal("a record without its lengths is read")
			}
		}
	})
}

func TestAnAnswerIsWhatTheProtocolsOwnTypesSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		event, textID := someStored(t), rapid.Bool().Draw(t, "text id")
		want := &streams.ReadResp_ReadEvent{
			Event:    event.Proto(textID),
			Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: event.Position},
		}
		var link *eventnode.Stored
		if rapid.Bool().Draw(t, "by link") {
			l := someStored(t)
			link, want.Link = &l, l.Proto(textID)
		}
		raw, err := eventnode.Answer(&event, link, rapid.Bool().Draw(t, "stored"), textID)
		if err != nil {
			t.Fatal(err)
		}
		got := &streams.ReadResp{}
		if err := proto.Unmarshal(raw, got); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got.GetEvent(), want) {
			t.Fatalf("got  %v\nwant %v", got.GetEvent(), want)
		}
	})
}

func TestSmallAnswersAreWhatTheProtocolsOwnTypesSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		current := rapid.Int64Min(-1).Draw(t, "current")
		position := rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(t, "position")
		success := &streams.AppendResp_Success{
			CurrentRevisionOption: &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}},
			PositionOption:        &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}},
		}
		if current >= 0 {
			success.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(current)}
		}
		if position > 0 {
			success.PositionOption = &streams.AppendResp_Success_Position{
				Position: &streams.AppendResp_Position{CommitPosition: position, PreparePosition: position},
			}
		}
		resp, read := &streams.AppendResp{}, &streams.ReadResp{}
		if err := proto.Unmarshal(eventnode.SuccessFrame(current, position), resp); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(resp.GetSuccess(), success) {
			t.Fatalf("got %v, want %v", resp.GetSuccess(), success)
		}
		if err := proto.Unmarshal(eventnode.Checkpoint(position), read); err != nil {
			t.Fatal(err)
		}
		if c := read.GetCheckpoint(); c == nil || c.CommitPosition != position || c.PreparePosition != position {
			t.Fatalf("checkpoint = %v", read)
		}
	})
}

func TestAnAppendIsReadAsTheProtocolsOwnTypesWriteIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := someStored(t)
		id := want.Proto(rapid.Bool().Draw(t, "text id")).Id
		content := "application/octet-stream"
		if want.JSON {
			content = "application/json"
		}
		raw, err := proto.Marshal(&streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{
			ProposedMessage: &streams.AppendReq_ProposedMessage{
				Id: id, CustomMetadata: want.Meta, Data: want.Data,
				Metadata: map[string]string{"type": string(want.Kind), "content-type": content, "other": "x"},
			},
		}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := eventnode.DecodeAppend(raw)
		if err != nil {
			t.Fatal(err)
		}
		is := eventnode.Stored{ID: want.ID, JSON: want.JSON, Kind: want.Kind, Meta: want.Meta, Data: want.Data}
		if diff := cmp.Diff(is, got.Is, cmpopts.EquateEmpty()); diff != "" || !got.Event {
			t.Fatal(diff)
		}
		if refused := len(want.Kind) == 0 || want.ID == uuid.Nil; refused != (got.Fault != "") {
			t.Fatalf("fault = %q", got.Fault)
		}
		_, _ = eventnode.DecodeAppend(raw[:rapid.IntRange(0, len(raw)).Draw(t, "cut")]) // it does not panic
	})
}

func TestTheOptionsOfAnAppendAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		options *streams.AppendReq_Options
		want    string
	}{
		"a revision":    {&streams.AppendReq_Options{ExpectedStreamRevision: &streams.AppendReq_Options_Revision{Revision: 7}}, "7"},
		"revision zero": {&streams.AppendReq_Options{ExpectedStreamRevision: &streams.AppendReq_Options_Revision{}}, "0"},
		"no stream":     {&streams.AppendReq_Options{ExpectedStreamRevision: &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}}}, "-1"},
		"any":           {&streams.AppendReq_Options{ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: &shared.Empty{}}}, "-2"},
		"it exists":     {&streams.AppendReq_Options{ExpectedStreamRevision: &streams.AppendReq_Options_StreamExists{StreamExists: &shared.Empty{}}}, "-4"},
		"nothing":       {&streams.AppendReq_Options{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.options.StreamIdentifier = &shared.StreamIdentifier{StreamName: []byte("case-1")}
			raw, err := proto.Marshal(&streams.AppendReq{Content: &streams.AppendReq_Options_{Options: c.options}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := eventnode.DecodeAppend(raw)
			if err != nil || !got.Options || got.Event || string(got.Stream) != "case-1" || got.Expects != c.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestMalformedAppendsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"a length beyond the end":    "0aff",
		"a tag that does not end":    "ffffffffffffffffffffff",
		"a group":                    "0b",
		"a number that does not end": "1210" + "2203",
		"a type that is not UTF-8":   "12" + "0b" + "12" + "09" + "0a" + "04" + "74797065" + "12" + "01" + "ff",
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := eventnode.DecodeAppend(raw); err == nil {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestAStoreOfTheFirstLayoutIsReadAndGoesOn writes a store as version 1 of the
// layout had it, with a record that was encoded then.
func TestAStoreOfTheFirstLayoutIsReadAndGoesOn(t *testing.T) {
	stored, err := os.ReadFile("testdata/record.v1")
	if err != nil {
		t.Fatal(err)
	}
	want := eventnode.Stored{
		Position: 7, Revision: 3, Created: 17300000000000000, JSON: true,
		ID:     uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
		Stream: []byte("case-4711"), Kind: []byte("noted.v1"), Meta: []byte(`{"who":"clerk"}`),
		Data: []byte(strings.Repeat("0123456789", 20)),
	}
	got, err := eventnode.Decode(7, stored)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatal(diff, err)
	}

	dir := t.TempDir()
	db, err := pebble.Open(dir, &pebble.Options{FormatMajorVersion: pebble.FormatNewest, Logger: noLog{}})
	if err != nil {
		t.Fatal(err)
	}
	number := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
	event, ofStream, ofName, ofID, layout := eventnode.Keys(7, 7, 3, "case-4711", want.ID)
	for _, pair := range [][2][]byte{{event, stored}, {ofStream, number(7)}, {ofName, number(7)}, {ofID, number(3)}, {layout, number(1)}} {
		if err := db.Set(pair[0], pair[1], pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	n := start(t, eventnode.Config{Dir: dir})
	c := dial(t, n)
	appendTo(t, c, "case-4711", esdb.Revision(3), note("in the new form"))
	events := read(t, c, "case-4711", esdb.ReadStreamOptions{}, 10)
	all := readAll(t, c, esdb.ReadAllOptions{}, 10)
	if diff := cmp.Diff([]uint64{3, 4}, revisions(events)); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([]uint64{7, 8}, positions(all)); diff != "" {
		t.Fatal(diff)
	}
	for _, e := range []*esdb.RecordedEvent{events[0].Event, all[0].Event} {
		if e.EventID != want.ID || e.EventType != "noted.v1" || e.ContentType != "application/json" ||
			!bytes.Equal(e.Data, want.Data) || !bytes.Equal(e.UserMetadata, want.Meta) {
			t.Errorf("event = %+v", e)
		}
	}
}

type noLog struct{}

func (noLog) Infof(string, ...any)  {}
func (noLog) Errorf(string, ...any) {}
func (noLog) Fatalf(string, ...any) {}
