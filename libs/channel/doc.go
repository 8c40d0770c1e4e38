// Package channel is the machine channel (机器通道) between a city and the
// institutions that carry out its orders: HTTP messages whose sender cannot be
// denied, whose content cannot be altered and which cannot be sent twice. The
// same rules hold in both directions, for requests and for replies.
//
// # What goes over the wire
//
// A request is signed by RFC 9421 (HTTP Message Signatures), its body by RFC
// 9530 (Digest Fields):
//
//	POST /yuanlu/orders HTTP/1.1
//	Host: channel.bank.example
//	Content-Type: application/json
//	Content-Digest: sha-256=:WEiD…=:
//	Signature-Input: sig1=("@method" "@authority" "@path" "@query" "content-digest");created=1626508800;nonce="kq9…";alg="ed25519";keyid="city-1";tag="yuanlu"
//	Signature: sig1=:x2P…==:
//
// The signature's label is sig1. A request covers at least the five components
// above; more header fields may be covered, and the order is the sender's. A body
// that is empty has a digest as well. The parameters created, nonce, keyid and tag
// are required; tag is "yuanlu", so that what was signed for another purpose with
// the same key is of no use here. alg may be left out: what counts is which key
// keyid names, and alg, if given, has to be that key's.
//
// @authority is the host in lower case, without the port if it is 80 or 443. A
// receiver has a list of its own names and takes in nothing that was signed for
// another: a message to one recipient is worth nothing at another. The Host field
// alone would not tell, since who plays the message on writes that too. Without a
// list, a receiver is known as localhost and by its loopback addresses alone.
// @target-uri is not used, since whoever ends TLS before the service would change
// it.
//
// A reply covers "@status", "content-digest" and the signature of the request it
// replies to ("signature";req;key="sig1"), so that it answers this request and no
// other. It has created, keyid and tag, and needs no nonce.
//
// # What a receiver demands
//
// In this order, and each refusal has a rule of its own (see rules.go): the
// message is signed; what is said about the signature can be read and covers what
// it has to; keyid names a key that the receiver has been given, never one that
// the message brings along; created lies within five minutes of the receiver's
// clock, on either side, and within thirty seconds for a GET; the signature is
// right; @authority is a name of the receiver; the body has at most 4 MiB; its
// SHA-256 is the digest; the nonce has not been seen from this key. Nothing is
// read of a body before the signature is right.
//
// A nonce is 16 to 64 characters, drawn for each message and each attempt. The
// receiver remembers the nonces of each key until their messages are too old to be
// taken anyway, at most [MaxNonces] for one key: who sends more within ten minutes
// is refused until the oldest have passed, and takes nothing away from other keys.
// The memory is a process's own. A message played to another replica, or after a
// restart, within its five minutes is genuine and only late: what is done with it
// has the order's id as its key, and is done once. A GET so played is answered
// again, with the orders that are open then: that is the limit of this memory. It
// takes somebody who reads inside the TLS between bank and city, within thirty
// seconds; and the answer, which is signed for the request, goes over the same TLS.
//
// # Algorithms
//
//	alg                 key                           signature
//	ed25519             Ed25519, RFC 8032             64 bytes
//	ecdsa-p256-sha256   ECDSA on P-256 with SHA-256   r ‖ s, 64 bytes
//	sm2-sm3             SM2 with SM3, GB/T 32918      r ‖ s, 64 bytes; the signer's ID is the default of GB/T 35276
//
// The first two are RFC 9421's own. The third is the national standard, by the
// same rules and behind the same interface; its name is not registered with IANA,
// and only the two sides have to agree on it. Which one a key is for is told by
// the key itself: a PKCS#8 private key and a SubjectPublicKeyInfo public key in
// PEM, as OpenSSL and GmSSL write them.
//
// # Why not a library alone
//
// The tests hold this package against an independent implementation,
// github.com/remitly-oss/httpsig-go, in both directions. It is not used to take
// messages in: it leaves the path out of @target-uri, ends in a panic where
// created is not a number, cannot bind a reply to its request and has a fixed set
// of algorithms, without SM2.
package channel
