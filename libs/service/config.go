package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
)

// Config is what an operator sets, by environment. Each field has a zero value
// or default that works on one machine.
type Config struct {
	Addr       string `env:"YUANLU_ADDR" envDefault:"127.0.0.1:8080"`
	EventStore string `env:"YUANLU_EVENTSTORE" envDefault:"esdb://127.0.0.1:2113?tls=false"`
	Data       string `env:"YUANLU_DATA" envDefault:"data"`
	MasterKey  string `env:"YUANLU_MASTER_KEY_FILE"` // default: <data>/master.key, made if absent
	CityFile   string `env:"YUANLU_CITY_FILE"`
	BanksFile  string `env:"YUANLU_BANKS_FILE"`
	// BankChannels lists the machine channels of banks; none if absent. ChannelKey
	// is the city's private key for them.
	BankChannels string `env:"YUANLU_BANK_CHANNELS"`
	ChannelKey   string `env:"YUANLU_CHANNEL_KEY_FILE"`
	Demo         bool   `env:"YUANLU_DEMO"`
	LogLevel     string `env:"YUANLU_LOG_LEVEL" envDefault:"info"`
}

// ReadConfig reads the environment.
func ReadConfig() (Config, error) {
	c, err := env.ParseAs[Config]()
	if err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	return c, nil
}

// Logger logs JSON lines to standard error.
func (c Config) Logger() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return nil, fmt.Errorf("YUANLU_LOG_LEVEL: %w", err)
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})), nil
}

// City opens what the services of a city share. Close the log when done.
func (c Config) City(ctx context.Context, logger *slog.Logger) (City, error) {
	if err := os.MkdirAll(c.Data, 0o750); err != nil {
		return City{}, fmt.Errorf("data directory: %w", err)
	}
	policy, err := LoadPolicy(c.CityFile)
	if err != nil {
		return City{}, err
	}
	banks, err := c.banks()
	if err != nil {
		return City{}, err
	}
	channels, err := c.channels(banks)
	if err != nil {
		return City{}, err
	}
	log, err := eventlog.Open(c.EventStore, eventlog.WithLogger(logger)) //nolint:contextcheck // the log lives until it is closed
	if err != nil {
		return City{}, err
	}
	master, err := c.master(ctx, log, logger)
	if err != nil {
		_ = log.Close() // the first error is the one to tell
		return City{}, err
	}
	city := City{
		Log: log, Keys: privacy.NewKeyring(log, master), Issuer: access.NewIssuer(master.TokenKey(), time.Now),
		Clock: clock.System{}, Suite: chain.SM3{}, Banks: banks, Policy: policy, Channels: channels, Dir: c.Data, Logger: logger, Demo: c.Demo,
	}
	if c.Demo {
		if city.Clock, err = clock.NewVirtual(ctx, log); err != nil {
			_ = log.Close() // the first error is the one to tell
			return City{}, err
		}
	}
	return city, nil
}

func (c Config) banks() (identity.Banks, error) {
	if c.BanksFile == "" {
		return identity.DefaultBanks(), nil
	}
	data, err := os.ReadFile(c.BanksFile) //nolint:gosec // the operator names the file
	if err != nil {
		return identity.Banks{}, fmt.Errorf("banks file: %w", err)
	}
	return identity.ParseBanks(data)
}

// master loads the city's master secret and holds it against the log, for which
// it waits. Only a machine that keeps its own key makes one, and only for a log
// that has none yet; a named file must exist, lest a mistyped path start a
// second city.
func (c Config) master(ctx context.Context, log *eventlog.Log, logger *slog.Logger) (privacy.Master, error) {
	path := c.MasterKey
	if path == "" {
		path = filepath.Join(c.Data, "master.key")
	}
	master, err := privacy.LoadMaster(path)
	if c.MasterKey == "" && errors.Is(err, fs.ErrNotExist) {
		master, err = makeMaster(ctx, log, logger, path)
	}
	if err != nil {
		return master, err
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&^0o600 != 0 {
		logger.Warn("others than its owner may use the file of the master secret", slog.String("mode", info.Mode().Perm().String()))
	}
	return master, patiently(ctx, logger, func() error { return master.Confirm(ctx, log) })
}

// makeMaster makes the secret of a new city.
func makeMaster(ctx context.Context, log *eventlog.Log, logger *slog.Logger, path string) (privacy.Master, error) {
	var begun bool
	err := patiently(ctx, logger, func() (err error) {
		begun, err = privacy.Begun(ctx, log)
		return err
	})
	if err != nil {
		return privacy.Master{}, err
	}
	if !begun {
		return privacy.LoadOrCreateMaster(path)
	}
	// Another process on this machine may have begun it a moment ago.
	master, err := privacy.LoadMaster(path)
	if errors.Is(err, fs.ErrNotExist) {
		return master, fmt.Errorf("%w: %w", privacy.ErrOtherMaster, err)
	}
	return master, err
}

// patiently asks the log until it answers. Services start in any order.
func patiently(ctx context.Context, logger *slog.Logger, ask func() error) error {
	for {
		err := ask()
		if !errors.Is(err, eventlog.ErrUnavailable) || ctx.Err() != nil {
			return err
		}
		logger.Warn("waiting for the log", slog.Any("error", err))
		select {
		case <-time.After(time.Second): // some failures are told at once
		case <-ctx.Done():
		}
	}
}
