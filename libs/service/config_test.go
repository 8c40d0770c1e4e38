package service_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
)

// config is a city on a node of its own.
func config(t *testing.T) service.Config {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Close() }) // the test is over
	t.Setenv("YUANLU_EVENTSTORE", node.Connection())
	t.Setenv("YUANLU_DATA", filepath.Join(t.TempDir(), "data"))
	c, err := service.ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func openCity(t *testing.T, c service.Config) service.City {
	t.Helper()
	city, err := c.City(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = city.Log.Close() }) // the test is over
	return city
}

func TestARealCityHasTheRealTime(t *testing.T) {
	c := config(t)
	if c.Demo {
		t.Fatal("a city is a demonstration without being told so")
	}
	if city := openCity(t, c); city.Demo || city.Clock != (clock.System{}) {
		t.Errorf("demo %t, clock %T", city.Demo, city.Clock)
	}
	t.Setenv("YUANLU_DEMO", "true")
	c, err := service.ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	city := openCity(t, c)
	if _, virtual := city.Clock.(*clock.Virtual); !city.Demo || !virtual {
		t.Errorf("demo %t, clock %T", city.Demo, city.Clock)
	}
}

func TestACityKeepsItsSecretAcrossStarts(t *testing.T) {
	c := config(t)
	ctx := context.WithoutCancel(t.Context())
	first, second := openCity(t, c), openCity(t, c)
	box, err := first.Keys.Seal(ctx, "subject-1", "name", "张三")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := second.Keys.Open(ctx, box); err != nil || text != "张三" {
		t.Errorf("%q, %v", text, err)
	}
	if first.Keys.Index(privacy.Phone, "1") != second.Keys.Index(privacy.Phone, "1") {
		t.Error("the indexes differ")
	}
	token, err := first.Issuer.Issue(li(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if who, err := second.Issuer.Verify(token); err != nil || who != li() {
		t.Errorf("the token of the first start: %+v, %v", who, err)
	}
}

func TestACityDoesNotStartWithAnotherSecret(t *testing.T) {
	c := config(t)
	openCity(t, c)
	quiet := slog.New(slog.DiscardHandler)
	elsewhere := c
	elsewhere.Data = filepath.Join(t.TempDir(), "data")
	if _, err := elsewhere.City(t.Context(), quiet); !errors.Is(err, privacy.ErrOtherMaster) {
		t.Errorf("on a machine without the secret: %v", err)
	}
	path := filepath.Join(elsewhere.Data, "master.key")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a second secret was made: %v", err)
	}
	if _, err := privacy.LoadOrCreateMaster(path); err != nil {
		t.Fatal(err)
	}
	for _, named := range []string{"", path} {
		elsewhere.MasterKey = named
		if _, err := elsewhere.City(t.Context(), quiet); !errors.Is(err, privacy.ErrOtherMaster) {
			t.Errorf("with another secret: %v", err)
		}
	}
	openCity(t, c) // nothing was spoilt
}

func TestASecretOpenToOthersIsWarnedOf(t *testing.T) {
	c, logged := config(t), &records{}
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true} {
		openCity(t, c) // makes the file
		if err := os.Chmod(filepath.Join(c.Data, "master.key"), mode); err != nil {
			t.Fatal(err)
		}
		before := len(logged.lines())
		city, err := c.City(t.Context(), slog.New(slog.NewJSONHandler(logged, nil)))
		if err != nil {
			t.Fatal(err)
		}
		if err := city.Log.Close(); err != nil {
			t.Error(err)
		}
		if got := len(logged.lines()) > before; got != warned {
			t.Errorf("mode %v: warned %t", mode, got)
		}
	}
}

func TestAConfigurationThatCannotBeIsRefused(t *testing.T) {
	for rule, change := range map[string]func(*service.Config){
		"a secret that is not where it was said to be": func(c *service.Config) { c.MasterKey = filepath.Join(c.Data, "none.key") },
		"a policy that is not there":                   func(c *service.Config) { c.CityFile = filepath.Join(c.Data, "none.json") },
		"a list of banks that is not there":            func(c *service.Config) { c.BanksFile = filepath.Join(c.Data, "none.csv") },
		"an address that is none":                      func(c *service.Config) { c.EventStore = "nowhere" },
		"a data directory that is a file": func(c *service.Config) {
			c.Data = filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(c.Data, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(rule, func(t *testing.T) {
			c := config(t)
			change(&c)
			if city, err := c.City(t.Context(), slog.New(slog.DiscardHandler)); err == nil {
				_ = city.Log.Close() // it should not be there
				t.Error("the city was opened")
			}
		})
	}
	t.Setenv("YUANLU_DEMO", "perhaps")
	if _, err := service.ReadConfig(); err == nil {
		t.Error("YUANLU_DEMO=perhaps was taken")
	}
	if _, err := (service.Config{LogLevel: "loud"}).Logger(); err == nil {
		t.Error("a level that is none was taken")
	}
}
