package identity

// Officer (民警) acts or signs. PoliceNo is the number on the police ID (警号).
type Officer struct {
	PoliceNo string `json:"policeNo"`
	Unit     Unit   `json:"unit"`
	Level    Level  `json:"level,omitempty"`
}

// Zero tells whether no officer is named.
func (o Officer) Zero() bool { return o.PoliceNo == "" }
