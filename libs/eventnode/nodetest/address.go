package nodetest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Addr is where a node listens that goes away and comes back: some port of a
// loopback address that nobody else uses. A port of 127.0.0.1 that a node has left
// is given to whoever asks next, and the tests beside this one ask often. On a
// machine with one loopback address it is a port of that.
func Addr(tb testing.TB) string {
	tb.Helper()
	const some = ":0"
	alone := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254)) //nolint:gosec // nobody is to be kept from guessing it
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", alone+some)
	if err != nil {
		return "127.0.0.1" + some
	}
	if err := listener.Close(); err != nil {
		tb.Fatal(err)
	}
	return alone + some
}
