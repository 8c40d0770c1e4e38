package privacy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/seal"
)

func TestAStoredKeyCannotBeAlteredOrMoved(t *testing.T) {
	master := privacy.NewMaster()
	for name, forge := range map[string]func(key, other *eventlog.Recorded){
		"another subject's key is put in": func(key, other *eventlog.Recorded) { key.Data = other.Data },
		"a byte of the key is altered":    func(key, _ *eventlog.Recorded) { key.Data = flip(t, key.Data, "wrapped") },
		"a byte of its nonce is altered":  func(key, _ *eventlog.Recorded) { key.Data = flip(t, key.Data, "nonce") },
		"its nonce is gone":               func(key, _ *eventlog.Recorded) { key.Data = drop(t, key.Data, "nonce") },
		"the key is gone":                 func(key, _ *eventlog.Recorded) { key.Data = drop(t, key.Data, "wrapped") },
		"it is not JSON":                  func(key, _ *eventlog.Recorded) { key.Data = []byte("{") },
		"it is an event of another kind":  func(key, _ *eventlog.Recorded) { key.Type = "stop-executed.v1" },
	} {
		t.Run(name, func(t *testing.T) {
			log := newMemory()
			k := privacy.NewKeyring(log, master)
			box := sealed(t, k, "p-1", "name", "杨某")
			sealed(t, k, "p-2", "name", "李某")
			forge(&log.streams["key-p-1"].visible[0], &log.streams["key-p-2"].visible[0])
			if _, err := privacy.NewKeyring(log, master).Open(t.Context(), box); !errors.Is(err, privacy.ErrKeyUnusable) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func flip(t *testing.T, data []byte, member string) []byte {
	t.Helper()
	return edit(t, data, func(m map[string]any) {
		b := []byte(m[member].(string))
		b[0] = map[bool]byte{true: 'B', false: 'A'}[b[0] == 'A']
		m[member] = string(b)
	})
}

func drop(t *testing.T, data []byte, member string) []byte {
	t.Helper()
	return edit(t, data, func(m map[string]any) { delete(m, member) })
}

func edit(t *testing.T, data []byte, change func(map[string]any)) []byte {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	change(m)
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestADestroyedKeyOpensNothing(t *testing.T) {
	for name, open := range logs() {
		t.Run(name, func(t *testing.T) {
			log, master, subject := open(t), privacy.NewMaster(), uuid.NewString()
			k := privacy.NewKeyring(log, master)
			old := sealed(t, k, subject, "name", "杨某")
			if err := log.Delete(t.Context(), privacy.KeyStream(subject)); err != nil {
				t.Fatal(err)
			}
			k.Forget(subject)
			for _, k := range []*privacy.Keyring{k, privacy.NewKeyring(log, master)} {
				if got, err := k.Open(t.Context(), old); !errors.Is(err, privacy.ErrShredded) || got != "" {
					t.Fatalf("got %q, %v", got, err)
				}
			}
			// The same person may come again; the past stays gone.
			again := sealed(t, k, subject, "name", "杨某")
			if again.Version != 2 {
				t.Fatalf("the new key has version %d", again.Version)
			}
			fresh := privacy.NewKeyring(log, master)
			if got := opened(t, fresh, again); got != "杨某" {
				t.Fatalf("got %q", got)
			}
			if _, err := fresh.Open(t.Context(), old); !errors.Is(err, privacy.ErrShredded) {
				t.Fatalf("the new key opens the past: %v", err)
			}
		})
	}
}

func TestAKeyDestroyedForGoodIsNotMadeAgain(t *testing.T) {
	log := newMemory()
	k := privacy.NewKeyring(log, privacy.NewMaster())
	box := sealed(t, k, "p-1", "name", "杨某")
	log.bury("key-p-1")
	k.Forget("p-1")
	if _, err := k.Seal(t.Context(), "p-1", "name", "杨某"); !errors.Is(err, privacy.ErrShredded) {
		t.Errorf("sealed: %v", err)
	}
	if _, err := k.Open(t.Context(), box); !errors.Is(err, privacy.ErrShredded) {
		t.Errorf("opened: %v", err)
	}
}

func TestOpeningNeverMakesAKey(t *testing.T) {
	log := newMemory()
	k := privacy.NewKeyring(log, privacy.NewMaster())
	box := sealed(t, k, "p-1", "name", "杨某")
	box.Subject = "p-9"
	if _, err := k.Open(t.Context(), box); !errors.Is(err, privacy.ErrShredded) || log.count() != 1 {
		t.Fatalf("got %v and %d keys", err, log.count())
	}
}

func TestSixtyFourWritersMakeOneKey(t *testing.T) {
	for name, open := range logs() {
		for _, rings := range []int{1, 4} { // goroutines of one process, and of several
			t.Run(fmt.Sprintf("%s, %d keyrings", name, rings), func(t *testing.T) {
				log, master, subject := open(t), privacy.NewMaster(), uuid.NewString()
				var processes []*privacy.Keyring
				for range rings {
					processes = append(processes, privacy.NewKeyring(log, master))
				}
				boxes := make([]seal.Box, 64)
				var all sync.WaitGroup
				for i := range boxes {
					all.Go(func() {
						var err error
						if boxes[i], err = processes[i%rings].Seal(t.Context(), subject, "name", fmt.Sprint(i)); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if m, ok := log.(*memory); ok && m.count() != 1 {
					t.Errorf("%d keys were made", m.count())
				}
				last, err := log.Last(t.Context(), privacy.KeyStream(subject))
				if err != nil || last.Revision != 0 {
					t.Fatalf("the last key is at revision %d, %v", last.Revision, err)
				}
				reader := privacy.NewKeyring(log, master)
				for i, box := range boxes {
					if got := opened(t, reader, box); got != fmt.Sprint(i) {
						t.Errorf("box %d holds %q", i, got)
					}
				}
			})
		}
	}
}

func TestTheLoserOfARaceUsesTheWinnersKey(t *testing.T) {
	log, master := newMemory(), privacy.NewMaster()
	winner, loser := privacy.NewKeyring(log, master), privacy.NewKeyring(log, master)
	var won seal.Box
	log.meanwhile = func() {
		log.meanwhile = nil
		won = sealed(t, winner, "p-1", "name", "甲")
	}
	lost := sealed(t, loser, "p-1", "name", "乙")
	if log.count() != 1 {
		t.Fatalf("%d keys were made", log.count())
	}
	if got := opened(t, loser, won) + opened(t, winner, lost); got != "甲乙" {
		t.Fatalf("got %q", got)
	}
}

func TestOneCallerGoesToTheLogForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemory()
		k := privacy.NewKeyring(log, privacy.NewMaster())
		leave := make(chan struct{})
		log.meanwhile = func() { <-leave }
		for i := range 64 {
			go func() {
				if _, err := k.Seal(t.Context(), "p-1", "name", fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			}()
		}
		synctest.Wait() // one is on its way, all others wait for it
		if log.reads != 1 {
			t.Errorf("%d went to the log", log.reads)
		}
		close(leave)
		synctest.Wait()
		if log.count() != 1 || log.reads != 1 {
			t.Errorf("%d keys were made, %d times the log was read", log.count(), log.reads)
		}
	})
}

func TestOneCallerGivingUpDoesNotFailTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newMemory()
		k := privacy.NewKeyring(log, privacy.NewMaster())
		gone, giveUp := context.WithCancel(t.Context())
		leave := make(chan struct{})
		log.meanwhile = func() { // the first caller is on its way
			log.meanwhile = nil
			<-leave
		}
		var mu sync.Mutex
		results := make(map[string]error)
		call := func(ctx context.Context, who string) {
			go func() {
				_, err := k.Seal(ctx, "p-1", "name", who)
				mu.Lock()
				defer mu.Unlock()
				results[who] = err
			}()
			synctest.Wait()
		}
		call(gone, "the first")
		impatient, end := context.WithCancel(t.Context())
		call(impatient, "one that cannot wait")
		call(t.Context(), "the second")
		if len(results) != 0 {
			t.Fatalf("somebody did not wait: %v", results)
		}
		end()
		synctest.Wait()
		if err := results["one that cannot wait"]; !errors.Is(err, context.Canceled) {
			t.Errorf("one that cannot wait: %v", err)
		}
		giveUp()
		close(leave)
		synctest.Wait()
		if err := results["the first"]; !errors.Is(err, context.Canceled) {
			t.Errorf("the first: %v", err)
		}
		if err, back := results["the second"]; !back || err != nil {
			t.Errorf("the second: back %t, %v", back, err)
		}
	})
}

func TestKeysAreKeptInMemoryUpToANumber(t *testing.T) {
	log := newMemory()
	k := privacy.NewKeyring(log, privacy.NewMaster())
	const kept = 65_536
	first := sealed(t, k, "p-first", "name", "甲")
	second := sealed(t, k, "p-second", "name", "乙")
	for i := range kept - 2 {
		sealed(t, k, fmt.Sprintf("p-%d", i), "name", "丙")
	}
	before := log.reads
	opened(t, k, first) // makes it the one used last
	if log.reads != before {
		t.Fatal("a kept key was fetched")
	}
	sealed(t, k, "p-new", "name", "丁") // one too many
	before = log.reads
	opened(t, k, first)
	if log.reads != before {
		t.Error("the key used last was dropped")
	}
	if got := opened(t, k, second); log.reads != before+1 || got != "乙" {
		t.Errorf("the key used longest ago was kept (%d reads), or fetched as %q", log.reads-before, got)
	}
}
