package server

import (
	"errors"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"
)

const jetStreamPatience = 20 * time.Second

// startJetStream starts a NATS server whose streams are in files and synced after
// every message.
func startJetStream(dir string) (running, error) {
	s, err := nats.NewServer(&nats.Options{
		ServerName: "benchmark", Host: "127.0.0.1", Port: nats.RANDOM_PORT,
		JetStream: true, StoreDir: dir, SyncAlways: true, NoLog: true, NoSigs: true,
	})
	if err != nil {
		return running{}, err
	}
	s.Start()
	stop := func() error {
		s.Shutdown()
		s.WaitForShutdown()
		return nil
	}
	if !s.ReadyForConnections(jetStreamPatience) {
		return running{}, errors.Join(errors.New("the NATS server does not become ready"), stop())
	}
	return running{ready: Ready{Endpoint: s.ClientURL(), Version: nats.VERSION}, stop: stop}, nil
}
