// Package rules has every rule that any service of the city can refuse by, as
// published: whichever service is asked, the page at /rules shows all of them.
// The rules themselves stand beside the deciders that apply them; rules.json is
// collected from there by a test, and a code that it lacks fails that test.
package rules

import (
	_ "embed" // for rules.json
	"encoding/json"

	"github.com/yuanlu/yuanlu/libs/rule"
)

//go:embed rules.json
var published []byte

// All lists the published rules by code.
func All() []rule.Rule {
	var all []rule.Rule
	if err := json.Unmarshal(published, &all); err != nil {
		panic(err) // the file is part of the program and read by its test
	}
	return all
}
