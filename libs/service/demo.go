package service

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/problem"
)

// demoPrefix is where the doors of a demonstration are.
const demoPrefix = "/v1/demo/"

// demoRoutes are the doors that only a demonstration has: a clock that can be
// moved forward and a token for anyone who asks.
func demoRoutes(mux *http.ServeMux, city City) {
	mux.HandleFunc("GET /v1/demo/clock", func(w http.ResponseWriter, _ *http.Request) {
		set := false
		if v, ok := city.Clock.(*clock.Virtual); ok {
			set = v.Setting()
		}
		writeJSON(w, http.StatusOK, map[string]any{"now": city.Clock.Now(), "set": set})
	})
	mux.HandleFunc("POST /v1/demo/clock", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Now time.Time `json:"now"`
		}
		virtual, ok := city.Clock.(*clock.Virtual)
		if err := decode(w, r, &body); err != nil || !ok || body.Now.IsZero() {
			problem.Write(r.Context(), w, http.StatusBadRequest)
			return
		}
		switch err := virtual.Set(r.Context(), body.Now); {
		case errors.Is(err, clock.ErrBackwards):
			problem.Refuse(r.Context(), w, err)
		case err != nil:
			problem.Write(r.Context(), w, http.StatusServiceUnavailable)
		default:
			writeJSON(w, http.StatusOK, map[string]any{"now": city.Clock.Now(), "set": true})
		}
	})
	mux.HandleFunc("POST /v1/demo/tokens", func(w http.ResponseWriter, r *http.Request) {
		var who access.Person
		if err := decode(w, r, &who); err != nil {
			problem.Write(r.Context(), w, http.StatusBadRequest)
			return
		}
		// What services do by themselves is never done by a person.
		if who.Role == access.System || strings.HasPrefix(who.User, "system:") {
			problem.Write(r.Context(), w, http.StatusUnprocessableEntity)
			return
		}
		token, err := city.Issuer.Issue(who, 24*time.Hour)
		if err != nil {
			problem.Write(r.Context(), w, http.StatusUnprocessableEntity)
			return
		}
		writeJSON(w, http.StatusCreated, map[string]string{"token": token})
	})
}

// decode reads a short body into v. That it is one JSON value is known by now.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<12))
	decoder.DisallowUnknownFields()
	return decoder.Decode(v)
}
