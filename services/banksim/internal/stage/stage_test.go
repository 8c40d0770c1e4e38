package stage_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
	"github.com/yuanlu/yuanlu/services/banksim/internal/machine"
	"github.com/yuanlu/yuanlu/services/banksim/internal/stage"
	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// small is a city with a gang and few others.
func small(t *testing.T) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load("city-40")
	if err != nil {
		t.Fatal(err)
	}
	s.Crowd.Accounts, s.Crowd.PerMinute = 400, 60
	s.Gang.Loss = scenario.Yuan{Fen: 50_000_000}
	return s
}

func putOn(t *testing.T, s *scenario.Scenario, seed uint64) *stage.Stage {
	t.Helper()
	y, err := s.Compile(seed, s.Start, "salt")
	if err != nil {
		t.Fatal(err)
	}
	show, err := stage.New(y)
	if err != nil {
		t.Fatal(err)
	}
	return show
}

// balanced checks that no money was made or lost.
func balanced(t *testing.T, show *stage.Stage) banknet.Totals {
	t.Helper()
	totals, err := show.Network.Totals()
	if err != nil || totals.Openings != totals.Balances+totals.Cash {
		t.Errorf("%+v, %v", totals, err)
	}
	return totals
}

// mules gives what the gang's accounts hold.
func mules(t *testing.T, show *stage.Stage) (held money.Fen, count int) {
	t.Helper()
	for _, a := range show.Story.Accounts {
		if !strings.HasPrefix(a.ID, "gang-mule") {
			continue
		}
		balance, err := show.Network.Balance(stage.Key(a))
		if err != nil {
			t.Fatal(err)
		}
		held, count = held+balance, count+1
	}
	return held, count
}

func TestAGangThatNobodyStopsTakesTheMoneyAway(t *testing.T) {
	for seed := range uint64(8) {
		show := putOn(t, small(t), seed)
		paid, err := show.Story.Transfers("paid")
		if err != nil {
			t.Fatal(err)
		}
		var loss money.Fen
		for _, m := range paid {
			loss += m.Amount
		}
		if loss < 50_000_000 {
			t.Errorf("seed %d: the victim paid %s", seed, loss)
		}
		before := balanced(t, show)
		held, count := mules(t, show)
		show.Advance(show.Story.Start.Add(72 * time.Hour))
		after := balanced(t, show)
		left, _ := mules(t, show)
		if count < 10 || after.Cash <= before.Cash || left >= held {
			t.Errorf("seed %d: %d accounts hold %s, then %s; cash %s, then %s", seed, count, held, left, before.Cash, after.Cash)
		}
		if _, _, unforeseen := show.Tally(); unforeseen != 0 {
			t.Errorf("seed %d: %d payments are said to be unforeseen", seed, unforeseen)
		}
	}
}

func TestAGangThatIsStoppedEverywhereTakesNothingMore(t *testing.T) {
	show := putOn(t, small(t), 40)
	start := show.Story.Start
	var stopped money.Fen
	for _, a := range show.Story.Accounts {
		if !strings.HasPrefix(a.ID, "gang-mule") && !strings.HasPrefix(a.ID, "gang-wallet") {
			continue
		}
		s, err := show.Network.Stop(stage.Key(a), banknet.StopOrder{ID: a.ID, By: "police", At: start, Until: start.Add(48 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		stopped += s.Balance
	}
	before := balanced(t, show)
	show.Advance(start.Add(47 * time.Hour))
	after := balanced(t, show)
	if after.Cash != before.Cash {
		t.Errorf("%s were taken out in cash", after.Cash-before.Cash)
	}
	if _, refused, _ := show.Tally(); refused == 0 {
		t.Error("the gang has not even tried")
	}
	if held, _ := mules(t, show); held == 0 || stopped == 0 {
		t.Error("nothing was held")
	}
}

func TestTheSameSeedIsTheSameGang(t *testing.T) {
	one, two := putOn(t, small(t), 7), putOn(t, small(t), 7)
	later := one.Story.Start.Add(3 * time.Hour)
	one.Advance(later)
	for at := two.Story.Start; !at.After(later); at = at.Add(time.Minute) {
		two.Advance(at) // looked at more often, it comes to the same
	}
	for i, a := range one.Story.Accounts {
		x, err := one.Network.Statement(stage.Key(a))
		if err != nil {
			t.Fatal(err)
		}
		y, err := two.Network.Statement(stage.Key(two.Story.Accounts[i]))
		if err != nil || x.Balance != y.Balance || len(x.Rows) != len(y.Rows) {
			t.Errorf("%s: %s in %d rows, %s in %d rows, %v", a.ID, x.Balance, len(x.Rows), y.Balance, len(y.Rows), err)
		}
	}
}

func TestSomeMoneyGoesThroughPaymentInstitutions(t *testing.T) {
	show := putOn(t, small(t), 40)
	show.Advance(show.Story.Start.Add(24 * time.Hour))
	found, spent := 0, 0
	for _, a := range show.Story.Accounts {
		s, err := show.Network.Statement(stage.Key(a))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Rows {
			if r.Order == "" || r.Credit {
				continue
			}
			found++
			key, err := show.Network.ByOrder(r.Order)
			if err != nil || key != r.Counter.Key || key.Number != r.Order {
				t.Errorf("order %s is not found: %v", r.Order, err)
			}
			wallet, err := show.Network.Statement(key)
			if err != nil || !wallet.Rows[0].Credit || wallet.Rows[0].Amount != r.Amount {
				t.Errorf("order %s: %+v, %v", r.Order, wallet, err)
			}
			spent += len(wallet.Rows) - 1
		}
	}
	if found == 0 || spent == 0 {
		t.Errorf("%d payments go in, %d out", found, spent)
	}
}

func TestACrowdPaysAsTimeGoesBy(t *testing.T) {
	s := small(t)
	show := putOn(t, s, 1)
	before, _ := show.Crowd.Tally()
	show.Advance(show.Story.Start.Add(time.Hour))
	made, refused := show.Crowd.Tally()
	if before < 1200 || made-before < 2500 || refused > made/10 {
		t.Errorf("%d payments before the start, %d in the hour after it, %d refused", before, made-before, refused)
	}
	show.Advance(show.Story.Start.Add(s.Crowd.Until.Duration + 100*24*time.Hour))
	last, _ := show.Crowd.Tally()
	show.Advance(show.Story.Start.Add(s.Crowd.Until.Duration + 200*24*time.Hour))
	if end, _ := show.Crowd.Tally(); end != last || end > 60*160 {
		t.Errorf("it goes on: %d, then %d", last, end)
	}
	if n := len(show.Crowd.Accounts()); n != 400 {
		t.Errorf("%d accounts", n)
	}
	banks := map[identity.BankCode]int{}
	for _, k := range show.Crowd.Accounts() {
		banks[k.Bank]++
	}
	if len(banks) != 40 || banks["102100099996"] != 10 {
		t.Errorf("spread over %d banks", len(banks))
	}
	balanced(t, show)
}

// processor is the processor's time that this process has used, however many others
// it had to share with.
func processor(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// The whole city of the scenario opens fast enough to be played.
func TestAHundredThousandAccountsAreOpened(t *testing.T) {
	s, err := scenario.Load("city-40")
	if err != nil {
		t.Fatal(err)
	}
	began := processor(t)
	show := putOn(t, s, s.Seed)
	took := processor(t) - began
	made, _ := show.Crowd.Tally()
	t.Logf("%d accounts and %d payments in %s of the processor", len(show.Crowd.Accounts())+len(show.Story.Accounts), made, took)
	if len(show.Crowd.Accounts()) != 100_000 || took > 10*time.Second {
		t.Errorf("%d accounts in %s", len(show.Crowd.Accounts()), took)
	}
	balanced(t, show)
}

func TestEarlierMeasuresStandWhenTheStoryBegins(t *testing.T) {
	s := small(t)
	s.Accounts = append(s.Accounts, scenario.Account{
		ID: scenario.Ref{Name: "own"}, Bank: scenario.Ref{Name: "icbc"}, Opening: scenario.Yuan{Fen: 1000},
		Frozen:  &scenario.EarlierOwner{By: "某法院", Until: scenario.Offset{Duration: time.Hour}, Court: true},
		Stopped: &scenario.EarlierOwner{By: "某公安局", Amount: scenario.Yuan{Fen: 300}, Until: scenario.Offset{Duration: time.Hour}},
	})
	show := putOn(t, s, 1)
	a, err := show.Story.Account("own")
	if err != nil {
		t.Fatal(err)
	}
	found, err := show.Network.Restraints(stage.Key(a), show.Story.Start)
	if err != nil || len(found) != 2 || found[0].Kind != banknet.PoliceStop || found[0].Limit != 300 || found[1].Kind != banknet.CourtFreeze || found[1].By != "某法院" {
		t.Errorf("%+v, %v", found, err)
	}
}

// channelCity is a city that answers desks and machines.
type channelCity struct {
	door http.Handler
	got  chan bank.OrderAnswer
}

func (c channelCity) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/v1/demo/tokens":
		_ = json.NewEncoder(w).Encode(map[string]string{"token": "t"})
	case "/v1/machine/answers":
		c.door.ServeHTTP(w, r)
	default:
		<-r.Context().Done()
	}
}

func (c channelCity) answers(w http.ResponseWriter, r *http.Request) {
	var in bank.Answers
	_ = json.NewDecoder(r.Body).Decode(&in) // what is missing shows in the test
	var out bank.AnswersReceipt
	for _, a := range in.Items {
		out.Items = append(out.Items, bank.AnswerReceipt{ApplicationID: a.ApplicationID, Result: bank.Taken})
	}
	_ = json.NewEncoder(w).Encode(out)
	for _, a := range in.Items {
		c.got <- a
	}
}

// cityList is what the city is told of its banks.
type cityList struct {
	Banks []struct {
		Bank string `json:"bank"`
		URL  string `json:"url"`
		Keys []struct {
			ID        string `json:"id"`
			PublicKey string `json:"publicKey"`
		} `json:"keys"`
	} `json:"banks"`
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestABankTakesOrdersByMachineWhereThereAreKeys(t *testing.T) {
	const icbc, code = "icbc", "102100099996"
	dir := t.TempDir()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := machine.Make(dir, listener.Addr().String(), []identity.BankCode{code}); err != nil {
		t.Fatal(err)
	}
	keys, err := machine.Load(filepath.Join(dir, machine.BanksFile))
	if err != nil || !keys.Has(code) || keys.Has("103100000026") {
		t.Fatalf("%+v, %v", keys, err)
	}
	var list cityList
	if err := json.Unmarshal(read(t, filepath.Join(dir, machine.CityListFile)), &list); err != nil {
		t.Fatal(err)
	}
	signer, err := channel.LoadSigner("city-1", filepath.Join(dir, machine.CityKeyFile), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	key, err := channel.ParseKey(list.Banks[0].Keys[0].ID, code, []byte(list.Banks[0].Keys[0].PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := channel.NewKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	verifier := channel.NewVerifier(trusted, time.Now)
	c := channelCity{got: make(chan bank.OrderAnswer, 10)}
	c.door = channel.Door{Verifier: verifier, Signer: signer, Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
		t.Errorf("refused: %v", err)
		w.WriteHeader(http.StatusForbidden)
	}}.Open(http.HandlerFunc(c.answers))
	server := httptest.NewServer(c)
	defer server.Close()

	s := small(t)
	s.Banks = slices.DeleteFunc(s.Banks, func(b scenario.Bank) bool {
		return !slices.Contains([]string{icbc, "cgb", "webank", "mybank"}, b.ID.Name)
	})
	show := putOn(t, s, 1)
	i := slices.IndexFunc(show.Story.Accounts, func(a scenario.StoryAccount) bool { return a.Bank == code })
	account := show.Story.Accounts[i]
	client, clock := city.New(server.URL, 0, nil), city.NewClock()
	clock.Told(show.Story.Start)
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		show.RunDesks(ctx, stage.Desks{
			Client: client, Clock: clock, Log: slog.New(slog.DiscardHandler), Machines: keys, Listener: listener, Server: server.URL + "/",
		})
	})
	defer func() { cancel(); work.Wait(); client.Close() }()
	peer := channel.Peer{Owner: code, HTTP: server.Client(), Signer: signer, Verifier: verifier}
	order := bank.Order{TxCode: bank.TxStop, ApplicationID: "o-1", BankID: code, AccountNumber: account.Number, AccountName: account.Holder}
	body, err := json.Marshal(bank.Batch{BatchID: "b-1", BankID: code, Items: []bank.Order{order}})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := peer.Send(ctx, http.MethodPost, list.Banks[0].URL, body)
	if err != nil || !strings.Contains(string(reply.Body), bank.Accepted) {
		t.Fatalf("%s, %v", reply.Body, err)
	}
	select {
	case a := <-c.got:
		if a.ApplicationID != "o-1" || a.Answer.Result != bank.ResultOK {
			t.Errorf("%+v", a)
		}
	case <-time.After(time.Minute):
		t.Fatal("no answer comes")
	}
}
