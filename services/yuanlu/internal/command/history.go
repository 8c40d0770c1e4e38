package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/es"
)

// recorded is one event of a history as the casebook shows it.
type recorded struct {
	Position  uint64          `json:"position"`
	Stream    string          `json:"stream"`
	Revision  uint64          `json:"revision"`
	Type      string          `json:"type"`
	ID        uuid.UUID       `json:"id"`
	Data      json.RawMessage `json:"data,omitempty"`
	DataBytes []byte          `json:"dataBytes,omitempty"`
	Meta      string          `json:"meta,omitempty"`
	Link      bool            `json:"link,omitempty"`
	Hash      string          `json:"hash,omitempty"`
	PrevHash  string          `json:"prevHash,omitempty"`
}

// content is the stored content, byte for byte.
func (r recorded) content() []byte {
	if r.DataBytes != nil {
		return r.DataBytes
	}
	return r.Data
}

// page is one answer of the casebook.
type page struct {
	Case       string     `json:"case"`
	Stream     string     `json:"stream"` // of the replay of a stream
	At         time.Time  `json:"at"`
	Position   uint64     `json:"position"`
	Complete   bool       `json:"complete"`
	Events     []recorded `json:"events"`
	NextCursor string     `json:"nextCursor"`
}

var errIncomplete = errors.New("卷宗不完整 the history breaks off")

func caseHistory(id string) string { return "/v1/histories/" + url.PathEscape(id) }

func streamHistory(name string) string { return "/v1/histories/streams/" + url.PathEscape(name) }

// history asks for a history page by page, each at least one event long.
func (s *server) history(ctx context.Context, path string, at time.Time) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		query := url.Values{"consistent": {"true"}, "limit": {"1000"}}
		if !at.IsZero() {
			query.Set("at", at.UTC().Format(time.RFC3339Nano))
		}
		for {
			var p page
			err := s.ask(ctx, http.MethodGet, path, query, nil, &p)
			if err == nil && (len(p.Events) == 0 || !p.Complete && p.NextCursor == "") {
				err = errIncomplete
			}
			if !yield(p, err) || err != nil || p.Complete {
				return
			}
			query.Del("at")
			query.Set("cursor", p.NextCursor)
		}
	}
}

// verifier follows the chains of all streams of one history.
type verifier struct {
	heads    map[string]head
	position uint64
	events   int
	links    int
}

// head is the last event of a stream so far.
type head struct {
	next uint64
	hash string
}

// verify checks that an event is what was hashed, that it follows its
// predecessor, and that the log's order is kept. What a link is, only its own
// case's history can show; here it is taken by its declared hashes.
func (v *verifier) verify(r recorded) (es.Meta, error) {
	last := v.heads[r.Stream]
	if r.Position <= v.position || r.Revision != last.next {
		return es.Meta{}, fmt.Errorf("stream %s, revision %d: %w", r.Stream, r.Revision, chain.ErrBroken)
	}
	v.position = r.Position
	if r.Link {
		if r.PrevHash != last.hash || r.Hash == "" {
			return es.Meta{}, fmt.Errorf("stream %s, revision %d: %w", r.Stream, r.Revision, chain.ErrBroken)
		}
		v.links++
		v.heads[r.Stream] = head{r.Revision + 1, r.Hash}
		return es.Meta{}, nil
	}
	hash, err := chain.Verify(last.hash, chain.Link{
		Stream: r.Stream, Revision: r.Revision, Type: r.Type, ID: r.ID, Data: r.content(), Meta: []byte(r.Meta),
	})
	if err != nil {
		return es.Meta{}, err
	}
	v.events++
	v.heads[r.Stream] = head{r.Revision + 1, hash}
	var meta es.Meta
	if err := json.Unmarshal([]byte(r.Meta), &meta); err != nil {
		return meta, fmt.Errorf("stream %s, revision %d: %w", r.Stream, r.Revision, err)
	}
	return meta, nil
}
