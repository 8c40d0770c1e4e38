package eventnode

import (
	"encoding/json"
	"time"
)

// Took is how long something took. In JSON it is a number of milliseconds.
type Took struct{ time.Duration }

// MarshalJSON writes whole milliseconds.
func (t Took) MarshalJSON() ([]byte, error) { return json.Marshal(t.Milliseconds()) }

// UnmarshalJSON reads milliseconds.
func (t *Took) UnmarshalJSON(text []byte) error {
	var milliseconds int64
	if err := json.Unmarshal(text, &milliseconds); err != nil {
		return err
	}
	t.Duration = time.Duration(milliseconds) * time.Millisecond
	return nil
}
