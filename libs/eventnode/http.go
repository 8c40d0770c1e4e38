package eventnode

import (
	"net/http"
	"strconv"
)

// handler answers HTTP/1 on the port of the node: whether it lives.
func (n *Node) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health/live", n.health) // also HEAD
	// A client that wants to manage persistent subscriptions tries this path.
	mux.HandleFunc("/subscriptions", notImplemented)
	mux.HandleFunc("/subscriptions/", notImplemented)
	return mux
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

func notImplemented(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNotImplemented)
}
