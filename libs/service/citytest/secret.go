package citytest

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// What an officer types in about a victim (受害人) and the account that his money
// went to. None of it may ever be stored, logged or shown in clear.
const (
	VictimName    = "杨不存在"
	VictimPhone   = "13800138000"
	VictimID      = "11010519491231002X"
	VictimCard    = "6222021234567890128" // satisfies Luhn's formula
	VictimAddress = "化州市某某街道七号"
	SuspectCard   = "6217001234567890122" // the like
	Brief         = "对方冒充领导要求转账"
)

// Secrets are all of these.
func Secrets() []string {
	return []string{VictimName, VictimPhone, VictimID, VictimCard, VictimAddress, SuspectCard, Brief}
}

// Hidden demands that none of the secrets stands in the log, of which there must
// be so many events at least, or in what was shown or logged.
func (c *City) Hidden(tb testing.TB, secrets []string, least int, shown ...string) {
	tb.Helper()
	recorded := c.Recorded(tb)
	if len(recorded) < least {
		tb.Fatalf("only %d events in the log", len(recorded))
	}
	for _, r := range recorded {
		for _, secret := range secrets {
			if strings.Contains(r.Stream+r.Type+string(r.Data)+string(r.Meta), secret) {
				tb.Errorf("%q stands in %s at %d", secret, r.Stream, r.Revision)
			}
		}
	}
	Unsaid(tb, secrets, shown...)
}

// Unsaid demands that none of the secrets stands in what was shown or logged.
func Unsaid(tb testing.TB, secrets []string, shown ...string) {
	tb.Helper()
	for _, text := range shown {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				tb.Errorf("%q is shown or logged", secret)
			}
		}
	}
}

// Records are what services have logged.
type Records struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Listen keeps what the services that are run from now on log, down to the least
// of it.
func (c *City) Listen() *Records {
	r := &Records{}
	c.Logger = slog.New(slog.NewJSONHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return r
}

// Write takes down one record.
func (r *Records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

// String is all of them, a line each.
func (r *Records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}
