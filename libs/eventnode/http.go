package eventnode

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// handler answers HTTP/1 on the port of the node: whether it lives, its figures,
// and what an operator asks it to do.
func (n *Node) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health/live", n.health) // also HEAD
	figures := promhttp.HandlerFor(n.meters.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
	mux.HandleFunc("GET /metrics", n.restricted(rightMonitor, figures.ServeHTTP))
	mux.HandleFunc("POST /admin/backup", n.restricted(rightAdmin, n.serveBackup))
	mux.HandleFunc("POST /admin/scavenge", n.restricted(rightOperate, n.serveScavenge))
	// A client that wants to manage persistent subscriptions tries this path.
	mux.HandleFunc("/subscriptions", notImplemented)
	mux.HandleFunc("/subscriptions/", notImplemented)
	return n.noBrowsers(mux)
}

// noBrowsers keeps web pages away that a user of this machine looks at: they must
// not make a node without users do or tell anything.
func (n *Node) noBrowsers(next http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.users == nil && !localName(r.Host) {
			http.Error(w, "the event node is not known by this name", http.StatusMisdirectedRequest)
			return
		}
		foreign.ServeHTTP(w, r)
	})
}

// localName says that a host, with or without a port, is this machine. A page that
// has its own name point here sends that name.
func localName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (n *Node) health(w http.ResponseWriter, r *http.Request) {
	code := http.StatusNoContent
	if asked, err := strconv.Atoi(r.URL.Query().Get("liveCode")); err == nil && asked >= 200 && asked < 600 {
		code = asked
	}
	select {
	case <-n.Done():
		code = http.StatusServiceUnavailable
	case <-n.stopping:
		code = http.StatusServiceUnavailable
	default:
	}
	w.WriteHeader(code)
}

// serveScavenge scavenges and tells what was done. It takes as long as it takes;
// a caller who goes away ends it.
func (n *Node) serveScavenge(w http.ResponseWriter, r *http.Request) {
	report, err := n.Scavenge(r.Context())
	w.Header().Set("Content-Type", "application/json")
	answer := struct {
		ScavengeReport
		Error string `json:"error,omitempty"`
	}{ScavengeReport: report}
	switch {
	case err == nil:
	case errors.Is(err, ErrScavenging):
		answer.Error = err.Error()
		w.WriteHeader(http.StatusConflict)
	case errors.Is(err, ErrHeld):
		answer.Error = err.Error() // the rest is done
	default:
		n.log.Error("scavenge ended early", slog.Any("error", err))
		answer.Error = "the scavenge has ended early"
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(answer) // the caller may be gone
}

func notImplemented(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNotImplemented)
}
