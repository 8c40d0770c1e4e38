package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// ErrUnknown is the answer to a stored name that this build does not know. An
// aggregate stops on it; a view counts it and goes on.
var ErrUnknown = errors.New("unknown event type")

// Codec writes and reads one sealed set under its stored names.
type Codec[E Event] struct {
	names   map[reflect.Type]string
	decoder map[string]func([]byte) (E, error)
}

// Encode gives the stored name and the JSON of an event.
func (c Codec[E]) Encode(e E) (string, []byte, error) {
	name, ok := c.names[reflect.TypeOf(e)]
	if !ok {
		return "", nil, fmt.Errorf("%T: %w", e, ErrUnknown)
	}
	data, err := json.Marshal(e)
	return name, data, err
}

// Decode reads an event back. Fields it does not know are left alone, so that
// an older build reads what a newer one wrote.
func (c Codec[E]) Decode(name string, data []byte) (E, error) {
	decode, ok := c.decoder[name]
	if !ok {
		var none E
		return none, fmt.Errorf("%q: %w", name, ErrUnknown)
	}
	return decode(data)
}

// Names lists the stored names, sorted.
func (c Codec[E]) Names() []string { return slices.Sorted(maps.Keys(c.decoder)) }

type entry[E Event] struct {
	name   string
	typ    reflect.Type
	decode func([]byte) (E, error)
}

func newCodec[E Event](entries ...entry[E]) Codec[E] {
	c := Codec[E]{map[reflect.Type]string{}, map[string]func([]byte) (E, error){}}
	for _, e := range entries {
		c.names[e.typ] = e.name
		c.decoder[e.name] = e.decode
	}
	return c
}

// stored ties one event type to its stored name within the set E.
func stored[T Event, E Event](name string, widen func(T) E) entry[E] {
	return entry[E]{name, reflect.TypeFor[T](), func(data []byte) (E, error) {
		var e T
		if err := json.Unmarshal(data, &e); err != nil {
			var none E
			return none, fmt.Errorf("%s: %w", name, err)
		}
		return widen(e), nil
	}}
}

func merge[E Event](all Codec[Event], c Codec[E]) {
	maps.Copy(all.names, c.names)
	for name, decode := range c.decoder {
		all.decoder[name] = func(data []byte) (Event, error) {
			e, err := decode(data)
			if err != nil {
				return nil, err
			}
			return e, nil
		}
	}
}
