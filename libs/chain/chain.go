package chain

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// What can be found wrong with a chain. The error around it names the stream
// and the revision.
var (
	ErrAltered = errors.New("the event is not what was hashed")
	ErrBroken  = errors.New("the event does not follow its predecessor")
	ErrNoHash  = errors.New("the metadata does not end with its hash")
)

// Seal computes the hash of one event over everything that makes it this event
// in this place: suite, predecessor's hash, stream, revision, type, id, content
// and metadata (still without the hash). The result is hex. prev is the
// predecessor's hash in hex, and "" for the first event of a stream.
func Seal(suite Suite, prev, stream string, revision uint64, typ string, id uuid.UUID, data, meta []byte) string {
	return hex.EncodeToString(suite.Hash(
		[]byte(suite.Name()), []byte(prev), []byte(stream),
		binary.BigEndian.AppendUint64(nil, revision),
		[]byte(typ), id[:], data, meta,
	))
}

// hashMember is how the hash stands in metadata: always last, so that taking it
// off gives back exactly the bytes that were hashed.
const hashMember = `"hash":"`

// WithHash appends the hash to metadata, as their last member. The metadata must
// be a JSON object as [json.Marshal] writes it, the hash hex; anything else is an
// error in the program, and panics.
func WithHash(meta []byte, hash string) []byte {
	if len(meta) < 2 || meta[0] != '{' || meta[len(meta)-1] != '}' || !isHex([]byte(hash)) {
		panic("chain: WithHash takes a compact JSON object and a hash in hex")
	}
	body := meta[:len(meta)-1]
	out := make([]byte, 0, len(meta)+len(hashMember)+len(hash)+3)
	out = append(out, body...)
	if len(body) > 1 {
		out = append(out, ',')
	}
	out = append(out, hashMember...)
	out = append(out, hash...)
	return append(out, '"', '}')
}

// SplitHash takes the hash off metadata again: it undoes [WithHash] to the byte,
// and fails with [ErrNoHash] on anything WithHash cannot have written.
func SplitHash(meta []byte) (stripped []byte, hash string, err error) {
	at := bytes.LastIndex(meta, []byte(hashMember))
	if at < 1 || meta[0] != '{' {
		return nil, "", ErrNoHash
	}
	value, closed := bytes.CutSuffix(meta[at+len(hashMember):], []byte(`"}`))
	if !closed || !isHex(value) {
		return nil, "", ErrNoHash
	}
	body := meta[:at]
	if at > 1 {
		if body[at-1] != ',' || at == 2 { // "{," is no beginning of an object
			return nil, "", ErrNoHash
		}
		body = body[:at-1]
	}
	return append(bytes.Clone(body), '}'), string(value), nil
}

// isHex tells whether b is a hash: 16 to 64 bytes in lower-case hex.
func isHex(b []byte) bool {
	return len(b) >= 32 && len(b) <= 128 && len(b)%2 == 0 && len(bytes.Trim(b, "0123456789abcdef")) == 0
}

// Link is one event of a chain, as the log holds it.
type Link struct {
	Stream   string
	Revision uint64 // place in its stream, from 0
	Type     string
	ID       uuid.UUID
	Data     []byte
	Meta     []byte // a JSON object with suite and prevHash, and hash as its last member
}

// Verify checks that an event is what was hashed ([ErrAltered]) and that it
// follows the event whose hash is prev ([ErrBroken]); prev is "" for the first of
// a stream. It returns the event's hash, to verify the next one with.
func Verify(prev string, l Link) (hash string, err error) {
	stripped, hash, err := SplitHash(l.Meta)
	if err != nil {
		return "", l.wrong(ErrAltered, err)
	}
	var says struct {
		Suite string `json:"suite"`
		Prev  string `json:"prevHash"`
	}
	if err := json.Unmarshal(stripped, &says); err != nil {
		return "", l.wrong(ErrAltered, errors.New("the metadata are not JSON"))
	}
	suite, err := SuiteByName(says.Suite)
	if err != nil {
		return "", l.wrong(ErrAltered, err)
	}
	sum := Seal(suite, says.Prev, l.Stream, l.Revision, l.Type, l.ID, l.Data, stripped)
	if subtle.ConstantTimeCompare([]byte(sum), []byte(hash)) != 1 {
		return "", l.wrong(ErrAltered, nil)
	}
	if says.Prev != prev {
		return "", l.wrong(ErrBroken, nil)
	}
	return hash, nil
}

// wrong says where in the log something is wrong, and how it shows.
func (l Link) wrong(what, how error) error {
	if how == nil {
		return fmt.Errorf("stream %s, revision %d: %w", l.Stream, l.Revision, what)
	}
	return fmt.Errorf("stream %s, revision %d: %w: %w", l.Stream, l.Revision, what, how)
}
