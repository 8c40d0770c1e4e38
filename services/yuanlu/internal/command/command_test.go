package command_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/yuanlu/internal/command"
)

func TestExitCodesAreAContract(t *testing.T) {
	t.Setenv("YUANLU_TOKEN", "")
	_, handler := open(t, true)
	base := serve(t, handler)
	_, closed := open(t, false)
	private := serve(t, closed)
	stranger := serve(t, nil)
	known := report(t, base)
	tomorrow := time.Now().Add(24 * time.Hour).Format(time.RFC3339)
	noScenario := filepath.Join(t.TempDir(), "no.yaml")
	if err := os.WriteFile(noScenario, []byte("fly: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule string
		args []string
		code int
		says string
	}{
		{"a history that verifies is done", []string{"replay", known, "--server", base}, 0, ""},
		{"no subcommand is wrong usage", nil, 2, "subcommand"},
		{"an unknown subcommand is wrong usage", []string{"fly"}, 2, "fly"},
		{"an unknown flag is wrong usage", []string{"replay", known, "--fast"}, 2, "--fast"},
		{"a missing argument is wrong usage", []string{"replay"}, 2, "arg"},
		{"one argument too many is wrong usage", []string{"run", "away"}, 2, "away"},
		{"a time that is none is wrong usage", []string{"replay", known, "--at", "teatime"}, 2, "--at"},
		{"a format that is none is wrong usage", []string{"replay", known, "--output", "xml"}, 2, "table"},
		{"an address that is none is wrong usage", []string{"replay", known, "--server", "nowhere"}, 2, "--server"},
		{"the future is wrong usage", []string{"replay", known, "--server", base, "--at", tomorrow}, 2, "time-in-future"},
		{"an unknown case is not found", []string{"replay", "00000000-0000-0000-0000-000000000000", "--server", base}, 3, "case-unknown"},
		{"a case not known yet is not found", []string{"replay", known, "--server", base, "--at", "2021-07-17 16:05"}, 3, "case-unknown"},
		{"a stream that verifies is done", []string{"replay", "case-" + known, "--stream", "--server", base}, 0, ""},
		{"an unknown stream is not found", []string{"replay", "--stream", "bank-nobody", "--server", base}, 3, "stream-unknown"},
		{"a city that does not answer has failed", []string{"replay", known, "--server", "http://127.0.0.1:1"}, 1, "yuanlu run"},
		{"a real city gives no token away", []string{"replay", known, "--server", private}, 1, "--token"},
		{"a bad token has failed", []string{"replay", known, "--server", base, "--token", "nonsense"}, 1, "token-invalid"},
		{"what is not a city has failed", []string{"replay", known, "--server", stranger, "--token", "x"}, 1, "not a city"},
		{"an unknown scenario is not found", []string{"demo", "atlantis"}, 3, "maoming-483"},
		{"a file that is no scenario is wrong usage", []string{"demo", noScenario}, 2, "not a scenario"},
		{"a directory is no scenario", []string{"demo", t.TempDir()}, 2, "directory"},
		{"a token lasts for some time", []string{"token", "--user", "1", "--role", "auditor", "--ttl", "0s"}, 2, "--ttl 须大于零"},
		{"a token does not last for ever", []string{"token", "--user", "1", "--role", "auditor", "--ttl", "9999h"}, 2, "31"},
		{"a seed that is no number is wrong usage", []string{"demo", "maoming-483", "--seed", "x"}, 2, "--seed"},
		{"help is done", []string{"run", "--help"}, 0, ""},
		{"completion is done", []string{"completion", "bash"}, 0, ""},
		{"the version is done", []string{"version"}, 0, ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got := call(t, c.args...)
			if got.code != c.code || !strings.Contains(got.err, c.says) {
				t.Errorf("exit code %d, standard error: %s", got.code, got.err)
			}
			if c.code != 0 && got.out != "" {
				t.Errorf("standard output of a failure: %s", got.out)
			}
		})
	}
}

func TestAReplayPrintsTheHistoryAndVerifiesIt(t *testing.T) {
	_, handler := open(t, true)
	base := serve(t, handler)
	id := report(t, base)
	got := call(t, "replay", id, "--server", base)
	if got.code != 0 || got.err != "" {
		t.Fatalf("%+v", got)
	}
	for _, want := range []string{
		id, "接警登记 fraud-report-received.v1", "损失转账申报 loss-transfer-declared.v1", "4,830,000.00 元", "链校验 chain verified 5 events, 1 streams",
		time.Now().In(time.FixedZone("", 8*3600)).Format("2006-01-02 15:"),
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not in\n%s", want, got.out)
		}
	}
	if strings.Contains(got.out, secretName) || strings.Contains(got.out, "622202") {
		t.Error("personal data is printed")
	}
}

func TestAReplayInJSONIsOneObject(t *testing.T) {
	_, handler := open(t, true)
	base := serve(t, handler)
	id := report(t, base)
	got := call(t, "replay", id, "--server", base, "--output", "json")
	var object struct {
		Case   string
		Events []struct{ Stream, Type, Name string }
		Chain  struct {
			Verified        bool
			Events, Streams int
		}
	}
	if err := json.Unmarshal([]byte(got.out), &object); err != nil || got.code != 0 {
		t.Fatalf("%d %v: %s", got.code, err, got.out)
	}
	if object.Case != id || len(object.Events) != 5 || object.Events[0].Name != "接警登记" || !object.Chain.Verified || object.Chain.Events != 5 || object.Chain.Streams != 1 {
		t.Errorf("got %+v", object)
	}
}

func TestI61_AnAlteredEventEndsTheReplayWhereItIs(t *testing.T) {
	city, handler := open(t, true)
	id := report(t, serve(t, handler))
	token, err := city.Issuer.Issue(access.Person{User: "audit-1", Role: access.Auditor}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule     string
		old, new string
		where    string
	}{
		{"one fen less", `"amountFen":483000000`, `"amountFen":482999999`, "stream case-" + id + ", revision 2"},
		{"another name for what happened", `"type":"intake-receipt-issued.v1"`, `"type":"case-filed.v1"`, "stream case-" + id + ", revision 3"},
		{"another officer", `001234`, `001235`, "stream case-" + id + ", revision 0"},
		{"an event left out", `"revision":1,`, `"revision":9,`, "stream case-" + id + ", revision 9"},
		{"a place in the log that is another's", `"position":`, `"position":0,"was":`, "stream case-" + id + ", revision 0"},
	} {
		for _, output := range []string{"table", "json"} {
			t.Run(c.rule+" as "+output, func(t *testing.T) {
				base := serve(t, meddle(handler, func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(c.old), []byte(c.new)) }))
				got := call(t, "replay", id, "--server", base, "--token", token, "--output", output)
				if got.code != 1 || !strings.Contains(got.err, c.where) || strings.Contains(got.out, "chain verified") || strings.Contains(got.out, `"verified":true`) {
					t.Errorf("exit code %d\n%s\n%s", got.code, got.err, got.out)
				}
				if output == "json" && !json.Valid([]byte(got.out)) {
					t.Errorf("not JSON: %s", got.out)
				}
			})
		}
	}
}

func TestI61_WhatABankHasAnsweredToNoOrderIsReplayedAndVerified(t *testing.T) {
	city, handler := open(t, true)
	base := serve(t, handler)
	id := report(t, base)
	write(t, city, "account", event.AccountCodec())("x", id, event.StopRequested{Order: "0aa0aa0a", Case: identity.CaseID(id), Level: 1})
	write(t, city, "bank", event.DeskCodec())("B", "", event.BankUnreachable{Bank: "B", Cause: "tls"},
		event.StrayAnswerReceived{Bank: "B", Order: "0aa0aa0a", Reason: "order-of-another-bank", Digest: "digest"}, event.StrayAnswersDropped{Bank: "B"})
	token, err := city.Issuer.Issue(access.Person{User: "audit-1", Role: access.Auditor}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule         string
		args         []string
		old, new     string
		code         int
		want, absent []string
	}{
		{
			"the case whose order it names",
			[]string{id},
			"", "", 0,
			[]string{"案件 case " + id, "无主反馈 stray-answer-received.v1", "order-of-another-bank", "指令 order 0aa0aa0a", "不属本案", "chain verified 7 events, 3 streams", "1 非本案链节"},
			[]string{"stray-answers-dropped", "tls"},
		},
		{
			"the bank's own stream",
			[]string{"--stream", "bank-B"},
			"", "", 0,
			[]string{"事件流 stream bank-B", "银行通道中断 bank-unreachable.v1", "tls", "stray-answers-dropped.v1", "chain verified 3 events, 1 streams"},
			[]string{"不属本案"},
		},
		{"another digest in the case", []string{id}, `"digest":"digest"`, `"digest":"forged"`, 1, []string{"NOT verified: stream bank-B, revision 1"}, []string{"chain verified"}},
		{"another link in the case", []string{id}, `"hash":"`, `"hash":"00`, 1, []string{"NOT verified: stream bank-B, revision 1"}, []string{"chain verified"}},
		{"another cause in the stream", []string{"--stream", "bank-B"}, `"cause":"tls"`, `"cause":"tlz"`, 1, []string{"NOT verified: stream bank-B, revision 0"}, []string{"chain verified"}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			base := serve(t, meddle(handler, func(b []byte) []byte { return bytes.Replace(b, []byte(c.old), []byte(c.new), 1) }))
			got := call(t, append([]string{"replay", "--server", base, "--token", token}, c.args...)...)
			if got.code != c.code {
				t.Errorf("exit code %d: %s", got.code, got.err)
			}
			for _, want := range c.want {
				if !strings.Contains(got.out, want) {
					t.Errorf("%q is not in\n%s", want, got.out)
				}
			}
			for _, absent := range c.absent {
				if strings.Contains(got.out, absent) {
					t.Errorf("%q is in\n%s", absent, got.out)
				}
			}
		})
	}
}

func TestAHistoryThatBreaksOffIsNotDone(t *testing.T) {
	_, handler := open(t, true)
	id := report(t, serve(t, handler))
	base := serve(t, meddle(handler, func(b []byte) []byte {
		return bytes.Replace(b, []byte(`"complete":true`), []byte(`"complete":false`), 1)
	}))
	if got := call(t, "replay", id, "--server", base); got.code != 1 {
		t.Errorf("exit code %d\n%s", got.code, got.err)
	}
}

func TestEveryEventHasAChineseName(t *testing.T) {
	for _, name := range event.Codecs().Names() {
		if command.Names()[name] == "" {
			t.Errorf("%s has none", name)
		}
	}
	if got, want := len(command.Names()), len(event.Codecs().Names()); got != want {
		t.Errorf("%d names for %d events", got, want)
	}
}

func TestTokens(t *testing.T) {
	dir := t.TempDir()
	officer := []string{"token", "--data", dir, "--user", "001234", "--unit", "440982000000", "--level", "county", "--role", "duty-officer"}
	if got := call(t, officer...); got.code != 3 {
		t.Fatalf("without a city's key: %+v", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "master.key")); err == nil {
		t.Fatal("a key was made for another city")
	}
	master, err := privacy.LoadOrCreateMaster(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	got := call(t, officer...)
	want := access.Person{User: "001234", Unit: "440982000000", Level: access.County, Role: access.DutyOfficer}
	if p, err := access.NewIssuer(master.TokenKey(), time.Now).Verify(strings.TrimSpace(got.out)); err != nil || p != want || got.code != 0 {
		t.Errorf("%+v, %+v, %v", got, p, err)
	}
	for rule, args := range map[string][]string{
		"an officer has a level":       officer[:len(officer)-4],
		"a desk has a bank":            {"token", "--data", dir, "--user", "desk-1", "--role", "bank-desk"},
		"a role is one of the list":    {"token", "--data", dir, "--user", "desk-1", "--role", "king"},
		"a token is for someone":       {"token", "--data", dir, "--role", "auditor"},
		"a token does not last a year": append(officer[:len(officer):len(officer)], "--ttl", "8760h"),
		"a token lasts":                append(officer[:len(officer):len(officer)], "--ttl", "0s"),
	} {
		if got := call(t, args...); got.code != 2 || got.out != "" {
			t.Errorf("%s: %+v", rule, got)
		}
	}
}

// broken is an event store that has ended by itself.
type broken struct{ done chan struct{} }

func (b broken) Done() <-chan struct{} { return b.done }
func (broken) Err() error              { return eventnode.ErrStorage }

func TestTheCityEndsWithItsEventStore(t *testing.T) {
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Close() })
	own := broken{make(chan struct{})}
	config := service.Config{Addr: "127.0.0.1:0", EventStore: node.Connection(), Data: t.TempDir()}
	greeted := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- command.RunOver(t.Context(), own, config, slog.New(slog.DiscardHandler), &once{heard: greeted})
	}()
	<-greeted
	close(own.done)
	if err := <-ended; !errors.Is(err, eventnode.ErrStorage) {
		t.Errorf("the city ended with %v", err)
	}
}

// once tells when something is first written.
type once struct {
	heard chan struct{}
	sync.Once
}

func (o *once) Write(b []byte) (int, error) {
	o.Do(func() { close(o.heard) })
	return len(b), nil
}

func TestACityThatCannotStartSaysWhy(t *testing.T) {
	t.Setenv("YUANLU_EVENTSTORE", "")
	blocked := t.TempDir()
	if err := os.MkdirAll(filepath.Join(blocked, "eventstore", "LOCK"), 0o700); err != nil { // where a file would be made
		t.Fatal(err)
	}
	got := call(t, "run", "--data", blocked, "--addr", "127.0.0.1:0", "--node-addr", "127.0.0.1:0")
	if got.code != 1 || !strings.Contains(got.err, "cannot be written") || strings.Contains(got.err, "in use") {
		t.Errorf("a directory that cannot be written: %+v", got)
	}
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = node.Close() }() // the test is over
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // as above
	if err := privacy.NewMaster().Confirm(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "data")
	for _, rule := range []string{"without a secret", "with another secret"} {
		got = call(t, "run", "--data", other, "--addr", "127.0.0.1:0", "--eventstore", node.Connection())
		if got.code != 1 || !strings.Contains(got.err, privacy.ErrOtherMaster.Error()) {
			t.Errorf("%s: %+v", rule, got)
		}
		if _, err := privacy.LoadOrCreateMaster(filepath.Join(other, "master.key")); err != nil {
			t.Fatal(err)
		}
	}
}
