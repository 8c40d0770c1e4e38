package eventnode_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// said is a call of which some messages have come, and no more until it ends.
type said struct {
	streams.Streams_AppendServer
	ctx      context.Context //nolint:containedctx // a stream has one
	messages []*streams.AppendReq
	every    time.Duration // between two of them
	over     bool          // the client has said that this is all
}

func (s *said) Context() context.Context { return s.ctx }

func (s *said) RecvMsg(m any) error {
	if len(s.messages) == 0 && s.over {
		return io.EOF
	}
	if len(s.messages) == 0 {
		<-s.ctx.Done()
		return s.ctx.Err()
	}
	timer := time.NewTimer(s.every)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	bytes, err := proto.Marshal(s.messages[0])
	if err != nil {
		return err
	}
	s.messages = s.messages[1:]
	return eventnode.Unmarshal(mem.BufferSlice{mem.SliceBuffer(bytes)}, m)
}

func fakeCall(ctx context.Context, every time.Duration, over bool, sizes ...int) *said {
	s := &said{ctx: ctx, every: every, over: over, messages: []*streams.AppendReq{options("case-1", nil)}}
	for _, size := range sizes {
		s.messages = append(s.messages, proposed(uuid.NewString(), goodProperties(), size))
	}
	return s
}

func goodProperties() map[string]string {
	return map[string]string{"type": "noted.v1", "content-type": "application/json"}
}

func faultCode(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	var f interface{ GRPCStatus() *status.Status }
	if errors.As(err, &f) {
		return f.GRPCStatus().Code()
	}
	return codes.Unknown
}

func TestALargeAppendThatStallsGivesItsPlaceBack(t *testing.T) {
	const large = 100 << 10
	many := make([]int, 60)
	for i := range many {
		many[i] = 10
	}
	for rule, c := range map[string]struct {
		every  time.Duration
		over   bool
		sizes  []int
		within time.Duration
		want   codes.Code
	}{
		"one that comes to its end":            {0, true, []int{large}, 0, codes.OK},
		"one that is slow":                     {5 * time.Second, true, []int{large, 1, 1}, 20 * time.Second, codes.OK},
		"one that stalls":                      {0, false, []int{large}, 10 * time.Second, codes.Aborted},
		"one that drips":                       {time.Second, true, append([]int{large}, many...), 32 * time.Second, codes.Aborted},
		"one that is too large and stalls":     {0, false, []int{large, eventnode.MaxAppendBytes}, 10 * time.Second, codes.InvalidArgument},
		"a small one is waited for, placeless": {time.Minute, true, []int{1, 1}, 3 * time.Minute, codes.OK},
	} {
		t.Run(rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				call, end := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer end()
				began, places := time.Now(), eventnode.NewLargeAppends()
				err := places.Receive(fakeCall(call, c.every, c.over, c.sizes...))
				if got := faultCode(err); got != c.want {
					t.Errorf("%v, want %v", err, c.want)
				}
				if took := time.Since(began); took > c.within {
					t.Errorf("it took %v, want %v", took, c.within)
				}
				if len(places) != 0 {
					t.Errorf("%d places are still taken", len(places))
				}
			})
		})
	}
}

func TestALargeAppendDoesNotWaitForAPlaceForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call, end := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer end()
		places := eventnode.NewLargeAppends()
		for range cap(places) {
			places <- struct{}{}
		}
		err := places.Receive(fakeCall(call, 0, true, 100<<10))
		if got := faultCode(err); got != codes.ResourceExhausted {
			t.Errorf("all places taken: %v", err)
		}
		freed := time.AfterFunc(10*time.Second, func() { <-places })
		defer freed.Stop()
		if err := places.Receive(fakeCall(call, 0, true, 100<<10)); err != nil {
			t.Errorf("a place is free in time: %v", err)
		}
	})
}

func TestWhatDoesNotCountOfAnEventIsLimitedToo(t *testing.T) {
	pad := protowire.AppendBytes(protowire.AppendTag(nil, 99, protowire.BytesType), make([]byte, eventnode.MaxAppendBytes/4))
	padded := func(count int) []*streams.AppendReq {
		messages := []*streams.AppendReq{options("case-1", nil)}
		for range count {
			m := proposed(uuid.NewString(), goodProperties(), 2)
			m.ProtoReflect().SetUnknown(pad)
			messages = append(messages, m)
		}
		return messages
	}
	for count, want := range map[int]codes.Code{3: codes.OK, 5: codes.InvalidArgument} {
		err := eventnode.NewLargeAppends().Receive(&said{ctx: t.Context(), over: true, messages: padded(count)})
		if got := faultCode(err); got != want {
			t.Errorf("%d padded events: %v, want %v", count, err, want)
		}
	}
	tiny := make([]int, 8000)
	if err := eventnode.NewLargeAppends().Receive(fakeCall(t.Context(), 0, true, tiny...)); err != nil {
		t.Errorf("many events of few bytes: %v", err)
	}
}

func TestARefusedClientIsHeardButNotForLong(t *testing.T) {
	reason := errors.New("refused")
	for rule, c := range map[string]struct {
		call func(context.Context) *said
		want time.Duration
	}{
		"one that comes to its end":  {func(ctx context.Context) *said { return fakeCall(ctx, time.Second, true, 1, 1) }, 3 * time.Second},
		"one that says nothing more": {func(ctx context.Context) *said { return &said{ctx: ctx} }, 5 * time.Second},
		"one that sends without end": {func(ctx context.Context) *said { return fakeCall(ctx, 0, false, 900<<10, 900<<10, 1) }, 0},
	} {
		t.Run(rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				call, end := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer end()
				began := time.Now()
				if err := eventnode.Refuse(c.call(call), reason); !errors.Is(err, reason) {
					t.Error(err)
				}
				if took := time.Since(began); took != c.want {
					t.Errorf("it took %v, want %v", took, c.want)
				}
			})
		})
	}
}

func TestACallWithoutCredentialsIsRefusedBeforeItsMessages(t *testing.T) {
	n, _ := secured(t)
	conn, err := grpc.NewClient(n.Addr(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}))) //nolint:gosec // not what is tested
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for rule, headers := range map[string][]string{
		"none":           nil,
		"another scheme": {"authorization", "Bearer x"},
		"two":            {"authorization", "Basic eDp5", "authorization", "Basic eDp5"},
	} {
		within, cancel := context.WithTimeout(t.Context(), patience)
		// A stream of a unary method, on which nothing is ever sent.
		call, err := conn.NewStream(metadata.AppendToOutgoingContext(within, headers...), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, streams.Streams_Delete_FullMethodName)
		if err == nil {
			err = call.RecvMsg(&streams.DeleteResp{})
		}
		if status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s: %v", rule, err)
		}
		cancel()
	}
}

func TestANameOfThisMachineMustLeadToIt(t *testing.T) {
	certificates := &eventnode.TLS{}
	for rule, c := range map[string]struct {
		cfg     eventnode.Config
		address string
		ok      bool
	}{
		"loopback":                      {eventnode.Config{}, "127.0.0.1", true},
		"loopback of IPv6":              {eventnode.Config{}, "::1", true},
		"a name that leads elsewhere":   {eventnode.Config{}, "192.0.2.1", false},
		"every address":                 {eventnode.Config{}, "::", false},
		"a certificate without users":   {eventnode.Config{TLS: certificates}, "192.0.2.1", false},
		"certificate and users suffice": {eventnode.Config{TLS: certificates, Users: "users"}, "192.0.2.1", true},
	} {
		err := eventnode.Reachable(c.cfg, &net.TCPAddr{IP: net.ParseIP(c.address), Port: 2113})
		if c.ok != (err == nil) || !c.ok && !errors.Is(err, eventnode.ErrNotLoopback) {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func TestWhoIsKnownIsNotShutOutByAGuesserNextDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := eventnode.NewAttempts()
		try := func(host, password string, right bool) codes.Code {
			return faultCode(a.Try(t.Context(), host, password, right))
		}
		if got := try("2001:db8::1", "right", true); got != codes.OK {
			t.Fatal(got)
		}
		guess := func(from int) {
			for i := range 20 {
				try("2001:db8::"+strconv.Itoa(i+1), strconv.Itoa(from+i), false)
			}
		}
		for minute := range 40 { // four times as long as an unused password is known
			guess(minute * 20)
			if got := try("2001:db8::1", "right", true); got != codes.OK {
				t.Fatalf("minute %d: who is known: %v", minute, got)
			}
			time.Sleep(time.Minute + time.Second)
		}
		guess(10000)
		if got := try("2001:db8::ffff", "also right", true); got != codes.ResourceExhausted {
			t.Errorf("a new one from the network of the guesser: %v", got)
		}
		if got := try("2001:db8:0:1::1", "also right", true); got != codes.OK {
			t.Errorf("the same from another network: %v", got)
		}
		time.Sleep(11 * time.Minute)
		guess(20000)
		if got := try("2001:db8::1", "right", true); got != codes.ResourceExhausted {
			t.Errorf("who was away for longer is compared again: %v", got)
		}
	})
}

// porch is a listener whose connections say from where they come.
type porch chan net.Conn

func (p porch) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p porch) Close() error { close(p); return nil }

func (p porch) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: 1} }

// call connects from a host and returns the end of the caller.
func (p porch) call(host string) net.Conn {
	near, far := net.Pipe()
	p <- visitor{near, &net.TCPAddr{IP: net.ParseIP(host), Port: 1}}
	return far
}

type visitor struct {
	net.Conn
	from net.Addr
}

func (v visitor) RemoteAddr() net.Addr { return v.from }

func TestSilentConnectionsOfOneHostDoNotCloseTheDoorForOthers(t *testing.T) {
	for rule, c := range map[string]struct {
		silent, another string
		count           int
		enters          bool
	}{
		"another host":                 {"192.0.2.1", "192.0.2.2", 1000, true},
		"the same host":                {"192.0.2.1", "192.0.2.1", eventnode.PeekingOfHost, false},
		"the same host, within bounds": {"192.0.2.1", "192.0.2.1", eventnode.PeekingOfHost - 1, true},
		"the same network of IPv6":     {"2001:db8::1", "2001:db8::2", eventnode.PeekingOfHost, false},
		"another network of IPv6":      {"2001:db8::1", "2001:db8:1::1", eventnode.PeekingOfHost, true},
		"this machine":                 {"127.0.0.1", "127.0.0.1", 2 * eventnode.PeekingOfHost, true},
	} {
		t.Run(rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := make(porch)
				d := eventnode.OpenDoor(p)
				defer synctest.Wait()
				defer func() { _ = d.Shut() }()
				for range c.count {
					p.call(c.silent)
				}
				began := time.Now()
				knock := func() error {
					conn := p.call(c.another)
					_, err := conn.Write([]byte("GET"))
					if err == nil {
						_, err = d.HTTP()
					}
					return err
				}
				if err := knock(); c.enters != (err == nil) {
					t.Errorf("enters: %v", err)
				}
				if waited := time.Since(began); waited != 0 {
					t.Errorf("it waited for %v", waited)
				}
				time.Sleep(6 * time.Second) // the silent ones are sent away by then
				if err := knock(); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}
