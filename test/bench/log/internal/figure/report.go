package figure

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Report is all that one run has measured, and where.
type Report struct {
	Facts []Fact `json:"facts"`
	Rows  []Row  `json:"rows"`
}

// Fact is something about the machine or the run that figures depend on.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Tell adds a fact.
func (r *Report) Tell(name, value string) {
	r.Facts = append(r.Facts, Fact{Name: name, Value: value})
}

// Add judges a row and adds it.
func (r *Report) Add(row Row) {
	r.Rows = append(r.Rows, row.judge())
}

// Count says how many rows have the verdict.
func (r *Report) Count(v Verdict) int {
	n := 0
	for _, row := range r.Rows {
		if row.Verdict == v {
			n++
		}
	}
	return n
}

// JSON writes the report for programs.
func (r *Report) JSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// Table writes the report for people; the table is valid Markdown.
func (r *Report) Table(out io.Writer) error {
	var text strings.Builder
	for _, f := range r.Facts {
		fmt.Fprintf(&text, "%-12s %s\n", f.Name, f.Value)
	}
	lines := [][]string{{"what", "must reach", "measured: median [min – max]", "yardstick", "ratio", ""}}
	var notes []string
	for _, row := range r.Rows {
		mark := ""
		if row.Note != "" {
			notes = append(notes, row.Note)
			mark = fmt.Sprintf(" (%d)", len(notes))
		}
		lines = append(lines, append(row.cells(), string(row.Verdict)+mark))
	}
	if len(r.Facts) > 0 {
		text.WriteByte('\n')
	}
	grid(&text, lines)
	if len(notes) > 0 {
		text.WriteByte('\n')
	}
	for n, note := range notes {
		fmt.Fprintf(&text, "(%d) %s\n", n+1, note)
	}
	fmt.Fprintf(&text, "\n%d ok, %d short, %d not available, %d failed\n",
		r.Count(OK), r.Count(Short), r.Count(NoFigure), r.Count(Failed))
	_, err := io.WriteString(out, text.String())
	return err
}

// cells are the first five columns of a row.
func (r Row) cells() []string {
	must := r.Must.Text
	if must == "" {
		must = "–"
	}
	yardstick, ratio := "–", "–"
	if r.Yardstick != "" {
		yardstick = r.Yardstick
		if len(r.Against.Rounds) > 0 {
			yardstick += ": " + r.Against.in(r.Unit)
		}
	}
	if r.Ratio > 0 {
		ratio = fmt.Sprintf("%.2f", r.Ratio)
	}
	return []string{r.What, must, r.Measured.in(r.Unit), yardstick, ratio}
}

// grid writes lines of cells as a Markdown table with even columns; the first
// line is the heading.
func grid(text *strings.Builder, lines [][]string) {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for n, cell := range line {
			widths[n] = max(widths[n], utf8.RuneCountInString(cell))
		}
	}
	row := func(line []string, fill string) {
		for n, cell := range line {
			text.WriteString("| " + cell + strings.Repeat(fill, widths[n]-utf8.RuneCountInString(cell)) + " ")
		}
		text.WriteString("|\n")
	}
	for n, line := range lines {
		row(line, " ")
		if n == 0 {
			row(make([]string, len(widths)), "-")
		}
	}
}
