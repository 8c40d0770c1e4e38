package race

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet/gang"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// start is the morning of the race: 08:00 in Beijing.
var start = time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC)

// draw draws the frauds of a race.
func (p Params) draw() []*gang.Fraud {
	frauds := make([]*gang.Fraud, p.Frauds)
	for n := range frauds {
		frauds[n] = gang.New(p.Seed, n+1, start, banks(), institutions())
	}
	return frauds
}

// Run lets all contestants play all frauds.
func Run(p Params) (Table, error) {
	frauds := p.draw()
	t := Table{Params: p}
	for _, f := range frauds {
		o, err := best(p, f)
		if err != nil {
			return Table{}, err
		}
		t.best.add(o)
		t.Lost += f.Loss()
	}
	for _, bank := range p.Delays {
		row := line{bank: bank}
		for _, f := range frauds {
			for _, c := range []struct {
				pace pace
				to   *total
			}{
				{p.service(bank, domain.ScopeAll), &row.service}, {p.service(bank, domain.ScopeAmount), &row.amount}, {p.paper(bank), &row.paper},
			} {
				o, err := play(p, c.pace, f)
				if err != nil {
					return Table{}, err
				}
				c.to.add(o)
			}
		}
		t.lines = append(t.lines, row)
	}
	return t, nil
}
