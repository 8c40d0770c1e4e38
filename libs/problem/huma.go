package problem

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// slot is where the edge finds the error behind an answer, to log it once.
type slot struct{ err error }

type slotKey struct{}

// WithSlot prepares a request's context for [Behind].
func WithSlot(ctx context.Context) context.Context { return context.WithValue(ctx, slotKey{}, &slot{}) }

// Behind gives the error that made an answer a 500, or nil.
func Behind(ctx context.Context) error {
	if s, ok := ctx.Value(slotKey{}).(*slot); ok {
		return s.err
	}
	return nil
}

// Install makes huma speak in problems. huma keeps this in variables of its
// own, so that it holds for the whole process; installing twice is harmless.
func Install() {
	huma.ValidateStrictCasing = true // encoding/json takes a field in any letters, unchecked by the schema
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
		return answer(context.Background(), status, errs)
	}
	huma.NewErrorWithContext = func(hc huma.Context, status int, _ string, errs ...error) huma.StatusError {
		if hc == nil {
			return answer(context.Background(), status, errs)
		}
		return answer(hc.Context(), status, errs)
	}
}

// answer makes the problem of what huma found wrong with a request, or of the
// error that a handler has returned.
func answer(ctx context.Context, status int, errs []error) *Problem {
	if status == http.StatusInternalServerError && len(errs) == 1 {
		p := Of(ctx, errs[0])
		if s, ok := ctx.Value(slotKey{}).(*slot); ok && p.Status >= http.StatusInternalServerError {
			s.err = errs[0]
		}
		return p
	}
	return traced(ctx, refused(status, errs))
}

// refused makes the problem of what huma found wrong with a request.
func refused(status int, errs []error) *Problem {
	first := byStatus(status)
	if first == errMediaType {
		return fromRule(first, status) // huma has tried to read it all the same
	}
	var fields []Field
	for _, err := range errs {
		detailer, ok := err.(huma.ErrorDetailer) //nolint:errorlint // huma hands details over bare
		if !ok {
			continue
		}
		detail := detailer.ErrorDetail()
		r := schemaRule(detail)
		if len(fields) == 0 {
			first = r
		}
		fields = append(fields, Field{Pointer: pointer(place(detail)), Code: r.Rule.Code, Message: r.Rule.ZH})
	}
	p := fromRule(first, status)
	p.Errors = fields
	return p
}

// schemaRule names the rule behind one finding of huma's validator. The
// offending value itself is dropped.
func schemaRule(d *huma.ErrorDetail) *rule.Violation {
	switch {
	case d.Message == validation.MsgUnexpectedProperty:
		return errUnknownField
	case strings.HasPrefix(d.Message, "json: cannot unmarshal number") && strings.HasSuffix(d.Message, "of type money.Fen"):
		return errNotWholeFen // whole for the schema, such as 1e3, and yet no integer
	case strings.HasPrefix(d.Message, "json: cannot unmarshal"):
		return errWrongType
	case strings.HasPrefix(d.Message, "expected required property"), strings.HasPrefix(d.Message, "required "):
		return errMissingField
	case strings.HasSuffix(d.Location, "Fen"):
		return errNotWholeFen
	case strings.HasPrefix(d.Location, "body") || d.Location == "":
		if strings.HasPrefix(d.Message, "expected") {
			return errWrongType
		}
		return errMalformed
	}
	return errWrongType
}

// place is where a finding leads to: a missing field to where it belongs. An
// unknown field leads to the object that holds it, "" for the body itself: its name
// is what was sent, and could be anybody's.
func place(d *huma.ErrorDetail) string {
	if name, missing := missingField(d.Message); missing {
		return d.Location + "." + name
	}
	if d.Message != validation.MsgUnexpectedProperty {
		return d.Location
	}
	object, _ := d.Value.(map[string]any)
	longest := len(d.Location) // all of it, should huma not tell the object
	if len(object) > 0 {
		longest = 0
	}
	for name := range object {
		if strings.HasSuffix(d.Location, "."+name) { // a name can have dots, too
			longest = max(longest, len(name)+1)
		}
	}
	return d.Location[:len(d.Location)-longest]
}

// missingField is the name of a field that huma says is missing. It is the schema's,
// not what was sent.
func missingField(message string) (name string, missing bool) {
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	name, begins := strings.CutPrefix(message, before)
	name, ends := strings.CutSuffix(name, after)
	return name, begins && ends && name != ""
}

// pointer turns huma's "body.transfers[0].amountFen" into
// "/transfers/0/amountFen". A key of a map is what was sent, too: from the first
// name on that could be something else, such as a card number, the pointer leads
// to what holds it.
func pointer(location string) string {
	location = strings.TrimPrefix(strings.TrimPrefix(location, "body"), ".")
	if location == "" {
		return ""
	}
	var out strings.Builder
	for name := range strings.SplitSeq(strings.NewReplacer("[", ".", "]", "").Replace(location), ".") {
		if !harmless.MatchString(name) {
			break
		}
		out.WriteString("/" + name)
	}
	return out.String()
}

// harmless is a place in a list or a name as requests have them: Latin letters,
// and too few digits for a number of anything.
var harmless = regexp.MustCompile(`^([0-9]{1,4}|[A-Za-z][A-Za-z-]{0,39}[0-9]{0,3})$`)
