// Package sheet writes the fund-flow table (资金流向表) of a case as a workbook for
// the case file (卷宗): every movement of the money hop by hop, every account with
// what restrains it, and how the table was made.
package sheet

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
)

// The names of the sheets.
const (
	Flows    = "资金流向表"
	Accounts = "账户汇总"
	About    = "说明"
)

// Input is what is written. Faces are as whoever asks may see them; Full says
// that they show whole numbers.
type Input struct {
	Graph flow.Graph
	Faces map[identity.AccountID]chart.Face
	Banks identity.Banks
	Full  bool
}

// Write makes the workbook. The same picture makes the same bytes.
func Write(in Input) (_ []byte, err error) {
	file := excelize.NewFile()
	defer func() { err = errors.Join(err, file.Close()) }()
	w, err := newWriter(file, in)
	if err != nil {
		return nil, err
	}
	for _, s := range []struct {
		name   string
		widths []float64
		fill   func(*page)
	}{
		{Flows, []float64{6, 6, 14, 24, 18, 14, 24, 18, 16, 20, 24, 16, 16, 36}, w.flows},
		{Accounts, []float64{6, 6, 14, 24, 18, 8, 16, 16, 16, 16, 16, 16, 16, 16, 40, 40, 20, 20, 10, 10, 30}, w.accounts},
		{About, []float64{28, 90}, w.about},
	} {
		if err := w.sheet(s.name, s.widths, s.fill); err != nil {
			return nil, fmt.Errorf("sheet %s: %w", s.name, err)
		}
	}
	if err := file.DeleteSheet("Sheet1"); err != nil {
		return nil, err
	}
	// The day of making is that of the cut-off: asked again, the same bytes.
	at := in.Graph.At.UTC().Format(time.RFC3339)
	if err := file.SetDocProps(&excelize.DocProperties{Created: at, Modified: at, Creator: "原路", LastModifiedBy: "原路", Title: Flows, Version: flow.Version}); err != nil {
		return nil, err
	}
	packed, err := file.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return repack(packed.Bytes())
}

// repack puts the parts of a workbook into one order, which the library leaves
// to chance.
func repack(packed []byte) ([]byte, error) {
	from, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(from.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	var out bytes.Buffer
	to := zip.NewWriter(&out)
	for _, f := range from.File {
		part, err := to.Create(f.Name)
		if err != nil {
			return nil, err
		}
		content, err := f.Open()
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(part, content) //nolint:gosec // the archive was made a moment ago, by us
		if err := errors.Join(err, content.Close()); err != nil {
			return nil, err
		}
	}
	if err := to.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// writer knows the styles of the book.
type writer struct {
	Input
	file               *excelize.File
	head, amount, text int
}

func newWriter(file *excelize.File, in Input) (*writer, error) {
	w := &writer{Input: in, file: file}
	thousands := "#,##0.00"
	var errs [3]error
	w.head, errs[0] = file.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DCE6F1"}},
		Alignment: &excelize.Alignment{Vertical: "center", WrapText: true},
	})
	w.amount, errs[1] = file.NewStyle(&excelize.Style{CustomNumFmt: &thousands})
	w.text, errs[2] = file.NewStyle(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{Vertical: "center"}})
	return w, errors.Join(errs[:]...)
}

// page is one sheet while it is written.
type page struct {
	w      *writer
	stream *excelize.StreamWriter
	row    int
	err    error
}

func (w *writer) sheet(name string, widths []float64, fill func(*page)) error {
	if _, err := w.file.NewSheet(name); err != nil {
		return err
	}
	stream, err := w.file.NewStreamWriter(name)
	if err != nil {
		return err
	}
	for n, width := range widths {
		if err := stream.SetColWidth(n+1, n+1, width); err != nil {
			return err
		}
	}
	if err := stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	p := &page{w: w, stream: stream}
	fill(p)
	if p.err != nil {
		return p.err
	}
	return stream.Flush()
}

// add writes one row. Amounts are numbers in yuan, so that they can be added up;
// all else is text.
func (p *page) add(values ...any) {
	if p.err != nil {
		return
	}
	p.row++
	cells := make([]any, len(values))
	for n, v := range values {
		switch v := v.(type) {
		case money.Fen:
			// Far below 2^53 fen, so that a float shows each fen as it is.
			cells[n] = excelize.Cell{StyleID: p.w.amount, Value: float64(v) / 100}
		case int:
			cells[n] = v
		case string:
			style := p.w.text
			if p.row == 1 {
				style = p.w.head
			}
			cells[n] = excelize.Cell{StyleID: style, Value: Harmless(v)}
		}
	}
	p.err = p.stream.SetRow(fmt.Sprintf("A%d", p.row), cells)
}

// Harmless (防公式注入) marks a text that a spreadsheet could take for a formula:
// names come from banks and suspects.
func Harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}

// bank is the full name of a bank.
func (w *writer) bank(code identity.BankCode) string {
	if b, known := w.Banks.Lookup(code); known {
		return b.Name
	}
	return cmp.Or(string(code), "未知机构")
}

// second writes a time in Asia/Shanghai; nothing for none.
func second(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(identity.Shanghai()).Format(time.DateTime)
}
