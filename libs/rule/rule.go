// Package rule is how a decider says no: with a stable code, a sentence and
// the article it rests on. The web edge turns a violation into problem+json
// whose type leads to the rule.
package rule

import "fmt"

// Kind tells the edge what sort of refusal a violation is.
type Kind uint8

// The kinds of refusal.
const (
	Conflict  Kind = iota // the state of the case does not allow it (409)
	Invalid               // the input itself is wrong (422)
	Forbidden             // this person may not do it (403)
	NotFound              // there is no such thing (404)
)

// Rule (规则) is one thing that can be refused. Rules are declared once, beside
// the decider that applies them, and are listed at /rules.
type Rule struct {
	Code    string `json:"code"`              // stable, kebab-case; a contract
	ZH      string `json:"zh"`                // the sentence shown, without any personal data
	EN      string `json:"en"`                // the same in English
	Article string `json:"article,omitempty"` // the source in law, or "" for a rule of the house
	Kind    Kind   `json:"kind"`
}

// Violation is a rule refused in one instance. It is an error value; two
// violations are the same for errors.Is if their codes are.
type Violation struct {
	Rule    Rule
	Pointer string // JSON pointer to the offending field, if there is one
}

// New declares a rule that the state of a case can break.
func New(code, zh, en, article string) *Violation {
	return &Violation{Rule: Rule{Code: code, ZH: zh, EN: en, Article: article}}
}

// As returns a copy of the declared rule with another kind.
func (v *Violation) As(k Kind) *Violation {
	c := *v
	c.Rule.Kind = k
	return &c
}

// At returns a copy that points to the offending field, as a JSON pointer.
func (v *Violation) At(format string, args ...any) *Violation {
	c := *v
	c.Pointer = fmt.Sprintf(format, args...)
	return &c
}

// Error gives the code and the English sentence; neither holds personal data.
func (v *Violation) Error() string { return v.Rule.Code + ": " + v.Rule.EN }

// Is makes errors.Is compare rules by code.
func (v *Violation) Is(target error) bool {
	other, ok := target.(*Violation) //nolint:errorlint // errors.Is unwraps for us
	return ok && other.Rule.Code == v.Rule.Code
}
