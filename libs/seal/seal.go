// Package seal has the one type in which personal data may rest: a sealed box.
// Opening and closing it takes a key and lives in libs/privacy.
package seal

// Box is one personal field (name, ID number, phone, account number, address,
// narrative), sealed with the data key of its subject. The zero Box holds
// nothing. A box can be copied between events of the same field freely.
type Box struct {
	Subject string `json:"subject"` // whose key opens it: the id in key-<subject>
	Version int    `json:"version"` // which data key of the subject
	Suite   string `json:"suite"`   // "sm4-gcm" or "aes-256-gcm"
	Field   string `json:"field"`   // what is inside, bound into the seal
	Nonce   []byte `json:"nonce"`
	Cipher  []byte `json:"cipher"`
}

// Empty tells whether the box holds nothing.
func (b Box) Empty() bool { return len(b.Cipher) == 0 }
