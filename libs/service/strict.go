package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yuanlu/yuanlu/libs/problem"
)

const (
	// bodyBytes bounds the body of every request. Each operation has a bound of its
	// own, of one MiB if it says nothing else.
	bodyBytes = 8 << 20
	// bodyWithin bounds how long a caller may take to send it.
	bodyWithin = 10 * time.Second
)

var errNotJSON = errors.New("not one well-formed JSON value")

// strict refuses bodies that two readers could understand differently, before
// any of them has read one: more or less than one JSON value, and objects that
// name a field twice. The next handler reads the body as if it were the first.
func strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody || !saysJSON(r) || strings.HasPrefix(r.URL.Path, machinePrefix) {
			next.ServeHTTP(w, r)
			return
		}
		body, status := readBody(w, r)
		if status != 0 {
			problem.Write(r.Context(), w, status)
			return
		}
		if len(bytes.TrimSpace(body)) > 0 { // that one is needed is told by who needs it
			switch err := checkJSON(body); {
			case errors.Is(err, errNotJSON):
				problem.Write(r.Context(), w, http.StatusBadRequest)
				return
			case err != nil:
				problem.Refuse(r.Context(), w, err)
				return
			}
		}
		r = r.WithContext(r.Context()) // a copy, since a handler leaves the request as it is
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// saysJSON tells whether a body is going to be read as JSON: by what it says of
// itself, as huma understands it, and at the doors of a demonstration always.
func saysJSON(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if _, suffix, ok := strings.Cut(kind, "+"); ok {
		kind = suffix
	}
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "", "json", "application/json":
		return true
	}
	return strings.HasPrefix(r.URL.Path, demoPrefix)
}

// readBody reads a body to its end, or tells the status of the refusal.
func readBody(w http.ResponseWriter, r *http.Request) (body []byte, status int) {
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(bodyWithin)) // not all writers of tests can
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytes))
	if err == nil {
		_ = connection.SetReadDeadline(time.Time{}) // as above
		return body, 0
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, http.StatusRequestEntityTooLarge
	}
	return nil, http.StatusBadRequest
}

// CheckJSON refuses what strict refuses, where a body is read by other means.
func CheckJSON(data []byte) error {
	err := checkJSON(data)
	if errors.Is(err, errNotJSON) {
		return problem.ErrMalformed()
	}
	return err
}

// checkJSON refuses all but one well-formed JSON value in which no object names
// a field twice. The errors are errNotJSON and [problem.ErrDuplicateField];
// neither quotes what it is about.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) || !json.Valid(data) {
		return errNotJSON
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // a number out of range is not this function's business
	var open []members
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errNotJSON
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 && !open[len(open)-1].take(token) {
			return problem.ErrDuplicateField
		}
		switch token {
		case json.Delim('{'):
			open = append(open, members{names: map[string]bool{}})
		case json.Delim('['):
			open = append(open, members{})
		}
	}
}

// members are the names met so far in an object that is being read; nil names
// are those of a list.
type members struct {
	names map[string]bool
	value bool // the next token is the value of a name
}

// take takes the next token in, and tells whether it was not a name for the
// second time.
func (m *members) take(token json.Token) bool {
	if m.names == nil {
		return true
	}
	if m.value {
		m.value = false
		return true
	}
	name, _ := token.(string) // in well-formed JSON it is one
	if m.names[name] {
		return false
	}
	m.names[name], m.value = true, true
	return true
}
