package main

import (
	"context"
	"io"
	"strings"
	"time"
)

// What the tests beside this package look at.
type (
	Row     = row
	Outcome = outcome
	Report  = report
	Verdict = verdict
)

const (
	Passed   = passed
	Failed   = failed
	Missing  = missing
	Unknown  = unknown
	NotAsked = notAsked
)

func Official() ([]Row, error) { return official() }

func Asked(r Row) bool { return r.asked() }

func Patterns(rows []Row, mode string) (run, skip string) { return patterns(rows, mode) }

func Narrowed(rows []Row, only string, modes ...string) []Row {
	return narrowed(rows, settings{only: only, modes: modes})
}

func Read(text string) (map[string]Outcome, error) { return read(strings.NewReader(text)) }

func Compare(rows []Row, seen map[string]map[string]Outcome) Report {
	return compare(officialVersion, rows, seen)
}

func Table(r Report) string { return r.table() }

func Write(w io.Writer, output string, r Report) error { return write(w, output, r) }

func Command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return command(ctx, args, stdout, stderr)
}

func MakeCertificates(dir string, now time.Time) (certificate, key string, err error) {
	return makeCertificates(dir, now)
}

func Page(text string) (string, error) { return page(text) }
