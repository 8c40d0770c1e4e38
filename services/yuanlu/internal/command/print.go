package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// line is one event as people read it. It has no personal data, since that is
// sealed in the event.
type line struct {
	At       string   `json:"at,omitempty"` // recorded, Asia/Shanghai
	Service  string   `json:"service"`
	Stream   string   `json:"stream"`
	Revision uint64   `json:"revision"`
	Position uint64   `json:"position"`
	Name     string   `json:"name"` // Chinese
	Type     string   `json:"type"`
	Actor    string   `json:"actor,omitempty"`
	Details  []string `json:"details,omitempty"`
	Link     bool     `json:"link,omitempty"`
}

// shanghaiTime is how times show on the face.
const shanghaiTime = "2006-01-02 15:04:05"

func shanghai(at time.Time) string { return at.In(identity.Shanghai()).Format(shanghaiTime) }

// reader puts events into lines.
type reader struct {
	kinds, names map[string]string
	codec        event.Codec[event.Event]
}

func newReader() reader { return reader{kinds(), names(), event.Codecs()} }

func (d reader) line(r recorded, meta es.Meta) line {
	category, _, _ := strings.Cut(r.Stream, "-")
	l := line{
		Service: d.kinds[category], Stream: r.Stream, Revision: r.Revision, Position: r.Position,
		Name: d.names[r.Type], Type: r.Type, Link: r.Link,
	}
	if r.Link {
		l.Details = []string{"不属本案 not of this case"}
		return l
	}
	l.At, l.Actor = shanghai(meta.RecordedAt), meta.Actor.User
	e, err := d.codec.Decode(r.Type, r.content())
	if errors.Is(err, event.ErrUnknown) {
		l.Details = []string{"新版事件 newer than this build"}
		return l
	}
	if err != nil {
		l.Details = []string{"无法解读 cannot be read"}
		return l
	}
	l.Details = details(e)
	return l
}

// jsonPrinter writes one JSON object, event by event.
type jsonPrinter struct {
	w     io.Writer
	lines int
}

func (j *jsonPrinter) begin(p page) error {
	head, err := json.Marshal(struct {
		Case     string    `json:"case,omitempty"`
		Stream   string    `json:"stream,omitempty"`
		At       time.Time `json:"at"`
		Position uint64    `json:"position"`
	}{p.Case, p.Stream, p.At, p.Position})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.w, "%s,\n\"events\":[", head[:len(head)-1])
	return err
}

func (j *jsonPrinter) event(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	separator := ",\n"
	if j.lines == 0 {
		separator = "\n"
	}
	j.lines++
	_, err = fmt.Fprintf(j.w, "%s%s", separator, text)
	return err
}

func (j *jsonPrinter) end(s summary) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.w, "\n],\n\"chain\":%s}\n", text)
	return err
}

// tablePrinter writes a table for the eye.
type tablePrinter struct{ w io.Writer }

func (t *tablePrinter) begin(p page) error {
	what := "案件 case " + p.Case
	if p.Stream != "" {
		what = "事件流 stream " + p.Stream
	}
	_, err := fmt.Fprintf(t.w, "%s · 截至 as of %s (Asia/Shanghai)\n\n%s %s %s %s %s\n", what, shanghai(p.At),
		pad("时间 time", 19), pad("服务 stream", 24), pad("版本", 5), pad("事件 event", 46), "内容 content")
	return err
}

func (t *tablePrinter) event(l line) error {
	_, id, _ := strings.Cut(l.Stream, "-")
	at := l.At
	if l.Link {
		at = "·"
	}
	_, err := fmt.Fprintf(t.w, "%s %s %s %s %s\n", pad(at, 19), pad(l.Service+" "+short(id), 24), pad(fmt.Sprintf("%4d", l.Revision), 5),
		pad(l.Name+" "+l.Type, 46), strings.Join(l.Details, " · "))
	return err
}

func (t *tablePrinter) end(s summary) error {
	if !s.Verified {
		_, err := fmt.Fprintf(t.w, "\n链校验失败 chain NOT verified: %s\n", s.Fault)
		return err
	}
	_, err := fmt.Fprintf(t.w, "\n链校验 chain verified %d events, %d streams", s.Events, s.Streams)
	if err == nil && s.Links > 0 {
		_, err = fmt.Fprintf(t.w, " (+ %d 非本案链节 links not of this case)", s.Links)
	}
	if err == nil {
		_, err = fmt.Fprintln(t.w)
	}
	return err
}

// pad fills a text up to a width, of which a Chinese character takes two.
func pad(s string, width int) string {
	for _, r := range s {
		width--
		if r >= 0x1100 { // of what is printed here, all beyond are wide
			width--
		}
	}
	return s + strings.Repeat(" ", max(0, width))
}
