package player

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Table prints the figures for people, Chinese first.
func (r Result) Table(w io.Writer) error {
	for _, o := range r.Outcomes {
		f := o.Figures
		for _, line := range []struct{ zh, en, value string }{
			{"案件", "case", f.Case},
			{"报案金额", "reported", f.Reported.String()},
			{"止付冻结账户", "accounts restrained", strconv.Itoa(f.AccountsRestrained)},
			{"涉及银行", "banks", strconv.Itoa(f.Banks)},
			{"层级", "levels", strconv.Itoa(f.Levels)},
			{"止付金额", "stopped", f.Stopped.String()},
			{"其中一级账户", "of it on level 1", f.StoppedLevel1.String()},
			{"属于被害人", "attributable to the victim", f.Attributable.String()},
			{"冻结金额", "frozen", f.Frozen.String()},
			{"原路返还", "returned by the original route", f.Returned.String()},
			{"剩余冻结", "remaining frozen", f.RemainingFrozen.String()},
		} {
			label := line.zh + " " + line.en + " "
			dots := strings.Repeat(".", max(3, 48-wide(label)))
			value := line.value
			if gap := 16 - len(value); gap > 0 {
				value = strings.Repeat(" ", gap) + value
			}
			if _, err := fmt.Fprintf(w, "%s%s %s\n", label, dots, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// wide is how many columns a text takes: two for each Chinese character.
func wide(s string) (n int) {
	for _, r := range s {
		n++
		if r > 0x2e80 {
			n++
		}
	}
	return n
}

// JSON prints the figures as one object; those of several cases as a list in it.
func (r Result) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	if len(r.Outcomes) == 1 {
		return encoder.Encode(r.Outcomes[0].Figures)
	}
	all := struct {
		Cases []Figures `json:"cases"`
	}{Cases: []Figures{}}
	for _, o := range r.Outcomes {
		all.Cases = append(all.Cases, o.Figures)
	}
	return encoder.Encode(all)
}
