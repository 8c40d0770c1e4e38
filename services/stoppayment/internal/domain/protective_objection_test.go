package domain_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/seal"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func objected(id identity.ObjectionID, at time.Time) domain.FileProtectiveObjection {
	return domain.FileProtectiveObjection{
		Objection: id, Holder: seal.Box{Cipher: []byte("x")}, Grounds: "no-danger", Documents: []string{strings.Repeat("ab", 32)}, Channel: "bank",
		Due: at.Add(week), At: at,
	}
}

func TestASubjectsObjectionThatIsRightReleasesAllAccounts(t *testing.T) {
	p := protecting(t, shielded()...)
	p.give(objected("ob-1", four))
	decide := domain.DecideProtectiveObjection{
		Objection: "ob-1", Outcome: domain.Upheld, Reason: "no-danger", Officer: event.Officer{PoliceNo: "090109", Unit: "440982000000"}, At: four.Add(2 * time.Hour),
	}
	foreign, signer, partly := decide, decide, decide
	foreign.Officer, signer.Officer, partly.Outcome = otherUnit, leader, domain.Partly
	for what, c := range map[string]struct {
		cmd  domain.ProtectiveCommand
		want error
	}{
		"a second one while the first is open": {objected("ob-2", four), domain.ErrObjectionOpen},
		"another unit decides":                 {foreign, domain.ErrProtectiveUnit},
		"who approved the stop decides":        {signer, domain.ErrDeciderInvolved},
		"in part":                              {partly, domain.ErrOutcome},
	} {
		if _, err := domain.DecideProtective(p.Protective, c.cmd); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	events := p.give(decide)
	if len(events) != 2 || len(lifts(events)) != 2 || p.State != domain.ProtectiveReleasing || p.Released != "objection" {
		t.Errorf("%s %s: %+v", p.State, p.Released, events)
	}
	if again := p.give(decide); len(again) > 0 {
		t.Errorf("decided again: %+v", again)
	}
}

func TestAnObjectionToAProtectiveStopThatNobodyDecidesIsOverdueOnce(t *testing.T) {
	p := protecting(t, shielded()...)
	p.give(objected("ob-1", four))
	var overdue int
	for _, e := range append(p.ring(four.Add(week)), p.ring(four.Add(week+time.Hour))...) {
		if _, ok := e.(event.ProtectiveObjectionOverdue); ok {
			overdue++
		}
	}
	if overdue != 1 {
		t.Errorf("overdue %d times", overdue)
	}
	at := four.Add(week + 2*time.Hour)
	p.give(domain.DecideProtectiveObjection{Objection: "ob-1", Outcome: domain.Dismissed, Reason: "danger-stands", Officer: cityLeader, At: at})
	events := p.give(objected("ob-2", at))
	if o, ok := p.Objection("ob-2"); len(events) != 2 || !ok || o.Outcome != domain.Dismissed || o.Reason != "measure-ended" {
		t.Errorf("against what has ended: %+v", events)
	}
}
