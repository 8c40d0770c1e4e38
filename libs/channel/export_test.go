package channel

import (
	"net/http"

	sfv "github.com/dunglas/httpsfv"
)

// Base writes what a request's signature covers, by its Signature-Input.
func Base(r *http.Request) ([]byte, error) {
	found, err := member(r.Header, fieldInput)
	if err != nil {
		return nil, err
	}
	return requestMessage(r).base(found.(sfv.InnerList))
}

// Verified tells whether a signature is that of a key over a base.
func Verified(k Key, base, signature []byte) bool { return k.how.verify(k.public, base, signature) }
