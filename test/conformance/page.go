package main

import (
	"fmt"
	"strings"

	"github.com/yuanlu/yuanlu/libs/conformance"
)

// The generated parts of docs/conformance.md stand between these lines.
const (
	beginMark = "<!-- %s: written by `go test ./conformance -rewrite` -->\n"
	endMark   = "<!-- end of %s -->\n"
)

// page fills the generated parts of docs/conformance.md.
func page(text string) (string, error) {
	rows, err := official()
	if err != nil {
		return "", err
	}
	for name, part := range map[string]string{"official tests": officialPart(rows), "checks": checksPart()} {
		begin, end := fmt.Sprintf(beginMark, name), fmt.Sprintf(endMark, name)
		before, rest, found := strings.Cut(text, begin)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			return "", fmt.Errorf("the page has no part %q", name)
		}
		text = before + begin + "\n" + part + "\n" + end + after
	}
	return text, nil
}

func officialPart(rows []row) string {
	var b strings.Builder
	b.WriteString("| test | tier | asked |\n|---|---|---|\n")
	for _, r := range rows {
		asked := strings.Join(r.Modes, ", ")
		if !r.asked() {
			asked = "no: " + r.Reason
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Test, r.Tier, asked)
	}
	return b.String()
}

func checksPart() string {
	var b strings.Builder
	b.WriteString("| check | promise |\n|---|---|\n")
	for _, c := range conformance.Checks() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.ID, c.Title)
	}
	return b.String()
}
