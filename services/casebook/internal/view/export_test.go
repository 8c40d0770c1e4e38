package view

import "encoding/json"

// Told is what an event in a stream of a kind says of what belongs to a case, and
// whether it is one that is asked.
func Told(kind, name string, data []byte) (names []string, asked bool, err error) {
	if !telling(kind, name) {
		return nil, false, nil
	}
	var b brief
	err = json.Unmarshal(data, &b)
	return b.names(), true, err
}
