package channel

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// Orders is the list of orders, as couriers need it.
type Orders interface {
	Changed() <-chan struct{}
	BanksToSend(ctx context.Context) ([]identity.BankCode, error)
	ToSend(ctx context.Context, code identity.BankCode, limit int) ([]view.Row, error)
}

// Sender (机器通道发送) carries orders to all banks that have a machine.
type Sender struct {
	App    app.App
	Orders Orders
	// Write makes the message of an order, with names and numbers opened.
	Write func(context.Context, view.Row) (bank.Order, error)
	Pace  Pace
}

// Pace is how long couriers wait for what. The zero value is nobody's: take
// [Steady].
type Pace struct {
	Retry     time.Duration // before a batch is sent again, growing tenfold
	Again     time.Duration // before an order that was not taken is sent again, doubling
	AgainMost time.Duration
	Rest      time.Duration // of a bank that does not answer, before it is tried again
	Tell      time.Duration // how long an order waits for such a bank before that is shown on its account
	Settle    time.Duration // for the list to show that an order was taken
}

// Steady is the pace of a city.
func Steady() Pace {
	return Pace{
		Retry: 200 * time.Millisecond, Again: time.Second, AgainMost: time.Minute, Rest: 5 * time.Second, Tell: time.Minute, Settle: 30 * time.Second,
	}
}

// Run carries orders until ctx ends. Each bank has a courier of its own, so that
// one that is slow or away keeps nobody else waiting.
func (s Sender) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	couriers := map[identity.BankCode]*courier{}
	marks := make(chan struct{}, marking)
	for _, way := range s.App.City.Channels.Banks {
		if way.URL == "" {
			continue // it calls in by itself
		}
		c := newCourier(s, way, marks)
		couriers[way.Bank] = c
		running.Go(func() { c.run(ctx) })
	}
	if len(couriers) == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	for {
		changed := s.Orders.Changed() // asked before reading, so that no change slips between
		waiting, err := s.Orders.BanksToSend(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		for _, code := range waiting {
			if c := couriers[code]; c != nil {
				c.look()
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// peer is a bank's machine over connections of its own.
func (s Sender) peer(way service.BankChannel) channel.Peer {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxConnsPerHost: inFlight, MaxIdleConnsPerHost: inFlight, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: way.Timeout, ResponseHeaderTimeout: way.Timeout, MaxResponseHeaderBytes: 64 << 10,
		DisableCompression: true, // the digest is of what is sent
		ForceAttemptHTTP2:  true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	return channel.Peer{
		Owner: string(way.Bank), Signer: s.App.City.Channels.Signer, Verifier: s.App.City.Channels.Verifier,
		HTTP: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // orders go where they are signed for
		},
	}
}

func (s Sender) logger(code identity.BankCode) *slog.Logger {
	return s.App.City.Logger.With(slog.String("bank", string(code)))
}
