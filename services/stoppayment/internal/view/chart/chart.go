// Package chart draws the fund-flow graph (资金流向图) of a case as SVG: levels
// from left to right, one colour per bank, and on every account whether its
// money is stopped, frozen or free, told by a sign, a colour and a pattern at
// once. The drawing has no script and asks for nothing from outside; the same
// picture is the same bytes.
package chart

import (
	"bytes"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// Face (账户显示) is how an account is shown to the person who asks: masked or
// in full.
type Face struct{ Number, Holder string }

// Input is what is drawn.
type Input struct {
	Graph flow.Graph
	Faces map[identity.AccountID]Face
	Banks identity.Banks
	// All draws every account. Otherwise a large picture puts the smaller
	// accounts of one bank at one level together (其余 … 户).
	All bool
}

// Draw makes the SVG.
func Draw(in Input) []byte {
	p := &painter{in: in, palette: newPalette(in.Banks)}
	boxes, links := gather(in)
	plan := arrange(boxes, links)
	p.header(plan)
	var body bytes.Buffer
	p.out, body = body, p.out // the header tells how high it is; the rest is drawn below it
	for _, l := range plan.links {
		p.link(l)
	}
	for _, b := range plan.boxes {
		p.box(b)
	}
	for _, l := range plan.links {
		p.label(l)
	}
	return p.page(plan, body.Bytes())
}
