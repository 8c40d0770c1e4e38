package scenario

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"gopkg.in/yaml.v3"
)

// ErrScenario says that a file is not a scenario. What wraps it names the line.
var ErrScenario = errors.New("not a scenario")

func fault(line int, format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrScenario, line, fmt.Sprintf(format, args...))
}

// Ref names a thing that the same file declares.
type Ref struct {
	Name string
	Line int
}

// UnmarshalYAML reads the name and keeps its line.
func (r *Ref) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		return fault(n.Line, "a name is expected")
	}
	r.Name, r.Line = n.Value, n.Line
	return nil
}

// Yuan (元) is an amount written as decimal text in yuan, kept in fen.
type Yuan struct {
	Fen  money.Fen
	Line int
}

// UnmarshalYAML reads the text as written: no float ever holds it.
func (y *Yuan) UnmarshalYAML(n *yaml.Node) error {
	fen, err := money.Parse(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || fen < 0 || fen > money.Max {
		return fault(n.Line, "an amount in yuan with at most two decimals is expected, like 304000.00")
	}
	y.Fen, y.Line = fen, n.Line
	return nil
}

// Offset (相对时间) is a time relative to the start of the scenario: -39m, +2h,
// +31d, -1h20m30s.
type Offset struct {
	time.Duration
	Line int
}

// UnmarshalYAML reads days, hours, minutes and seconds.
func (o *Offset) UnmarshalYAML(n *yaml.Node) error {
	d, err := parseOffset(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		return fault(n.Line, "a time like -39m, +2h or +31d is expected")
	}
	o.Duration, o.Line = d, n.Line
	return nil
}

// farthest keeps times within what a scenario can sensibly mean: ten years.
const farthest = 10 * 365 * 24 * time.Hour

func parseOffset(s string) (time.Duration, error) {
	body := strings.TrimLeft(s, "+-")
	if len(s)-len(body) > 1 {
		return 0, ErrScenario
	}
	var days time.Duration
	if before, after, ok := strings.Cut(body, "d"); ok {
		n, err := strconv.ParseUint(before, 10, 16)
		if err != nil {
			return 0, err
		}
		days, body = time.Duration(n)*24*time.Hour, after
	}
	var rest time.Duration
	if body != "" && body != "0" {
		var err error
		if rest, err = time.ParseDuration(body); err != nil {
			return 0, err
		}
	} else if days == 0 && body != "0" && !strings.Contains(s, "d") {
		return 0, ErrScenario
	}
	if rest < 0 || rest > farthest || days+rest > farthest || rest%time.Second != 0 {
		return 0, ErrScenario
	}
	if strings.HasPrefix(s, "-") {
		return -(days + rest), nil
	}
	return days + rest, nil
}

// BankCode (行号) is the 12-digit code of a bank, with its check digit.
type BankCode struct {
	identity.BankCode
	Line int
}

// UnmarshalYAML reads the code as written and checks its last digit.
func (b *BankCode) UnmarshalYAML(n *yaml.Node) error {
	code, err := identity.ParseBankCode(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		return fault(n.Line, "a bank code of 12 digits with its check digit is expected, in quotes")
	}
	b.BankCode, b.Line = code, n.Line
	return nil
}
