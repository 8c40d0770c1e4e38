package channel

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	sfv "github.com/dunglas/httpsfv"
)

const (
	label = "sig1"
	// Tag is the parameter tag of every signature of the channel.
	Tag = "yuanlu"
	// most bounds the header fields of a signature, in bytes, before anything of
	// them is read.
	most = 4096
)

const (
	fieldDigest    = "content-digest"
	fieldSignature = "signature"
	fieldInput     = "signature-input"
)

// covered are the components that a request's signature has to cover.
func covered() []string {
	return []string{"@method", "@authority", "@path", "@query", fieldDigest}
}

// coveredReply are those of a reply, besides the request's signature.
func coveredReply() []string { return []string{"@status", fieldDigest} }

// message is what can be signed of a request or of a reply.
type message struct {
	header  http.Header
	derived map[string]string
	request http.Header // of the request, when this is a reply
}

func requestMessage(r *http.Request) message {
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	return message{header: r.Header, derived: map[string]string{
		"@method": r.Method, "@authority": authority(host), "@path": path, "@query": "?" + r.URL.RawQuery,
	}}
}

func replyMessage(header http.Header, status int, to http.Header) message {
	return message{header: header, derived: map[string]string{"@status": strconv.Itoa(status)}, request: to}
}

func authority(host string) string {
	host = strings.ToLower(host)
	for _, port := range []string{":80", ":443"} {
		host = strings.TrimSuffix(host, port)
	}
	return host
}

// base writes what is signed: a line for each component, then the parameters
// (RFC 9421 section 2.5).
func (m message) base(input sfv.InnerList) ([]byte, error) {
	var out strings.Builder
	var seen []string
	for _, item := range input.Items {
		name, err := sfv.Marshal(item)
		if err != nil || slices.Contains(seen, name) {
			return nil, ErrMalformed
		}
		seen = append(seen, name)
		value, err := m.value(item)
		if err != nil {
			return nil, err
		}
		out.WriteString(name + ": " + value + "\n")
	}
	params, err := sfv.Marshal(input)
	if err != nil {
		return nil, ErrMalformed
	}
	out.WriteString("\"@signature-params\": " + params)
	return []byte(out.String()), nil
}

// value is that of one component. Of the parameters that a component can have,
// only req of a reply is understood, on the request's signature.
func (m message) value(item sfv.Item) (string, error) {
	name, ok := item.Value.(string)
	if !ok || name != strings.ToLower(name) {
		return "", ErrMalformed
	}
	if ofRequest(item) && m.request != nil {
		return requestSignature(m.request)
	}
	if len(item.Params.Names()) > 0 {
		return "", ErrMalformed
	}
	if strings.HasPrefix(name, "@") {
		value, ok := m.derived[name]
		if !ok {
			return "", ErrMalformed
		}
		return value, nil
	}
	values := m.header.Values(name)
	if len(values) == 0 {
		return "", ErrIncomplete // a field that is not there cannot have been signed
	}
	trimmed := make([]string, len(values))
	for n, v := range values {
		trimmed[n] = strings.TrimSpace(v)
	}
	return strings.Join(trimmed, ", "), nil
}

// ofRequest tells whether a component is the signature of the request that is
// replied to.
func ofRequest(item sfv.Item) bool {
	req, _ := item.Params.Get("req")
	key, _ := item.Params.Get("key")
	return item.Value == fieldSignature && req == true && key == label && len(item.Params.Names()) == 2
}

func bound() sfv.Item {
	item := sfv.NewItem(fieldSignature)
	item.Params.Add("req", true)
	item.Params.Add("key", label)
	return item
}

func requestSignature(header http.Header) (string, error) {
	signature, err := bytesOf(header, fieldSignature)
	if err != nil {
		return "", err
	}
	return sfv.Marshal(sfv.NewItem(signature))
}

// member finds what a header field says under the channel's label.
func member(header http.Header, field string) (sfv.Member, error) {
	values := header.Values(field)
	size := 0
	for _, v := range values {
		size += len(v)
	}
	if size == 0 {
		return nil, ErrUnsigned
	}
	if size > most {
		return nil, ErrMalformed
	}
	dictionary, err := sfv.UnmarshalDictionary(values)
	if err != nil {
		return nil, ErrMalformed
	}
	m, ok := dictionary.Get(label)
	if !ok {
		return nil, ErrUnsigned
	}
	return m, nil
}

func bytesOf(header http.Header, field string) ([]byte, error) {
	m, err := member(header, field)
	if err != nil {
		return nil, err
	}
	item, ok := m.(sfv.Item)
	if !ok {
		return nil, ErrMalformed
	}
	value, ok := item.Value.([]byte)
	if !ok {
		return nil, ErrMalformed
	}
	return value, nil
}
