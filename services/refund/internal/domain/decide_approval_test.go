package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
)

func posted() event.PublicNoticePosted {
	return event.PublicNoticePosted{Medium: "police-website", TextHash: "sm3-of-text", PostedAt: noon, EndsAt: noticeEnd, By: li}
}

func TestI37_AProportionalRefundWaitsForThirtyFullDaysOfNoticeAndEveryObjection(t *testing.T) {
	post := domain.PostNotice{Medium: "police-website", TextHash: "sm3-of-text", By: li, At: noon}
	approve := domain.Approve{DecisionNo: "1", Approver: chief, At: noticeEnd}
	hash := planned(t, mixed()).state().Plan.Hash
	report := event.RefundReportSubmitted{PlanHash: hash, By: li, At: noon}
	objected := event.RefundObjectionFiled{Objection: "o-1", Grounds: "ownership", At: noon}
	dismissed := event.RefundObjectionDecided{Objection: "o-1", By: wang, At: noon}
	prose := post
	prose.Medium = "the paper, page 3"
	base, running := planned(t, mixed()), planned(t, mixed()).and(posted())
	over := running.and(event.PublicNoticeEnded{EndedAt: noticeEnd})
	done := event.RefundApproved{PlanHash: hash, DecisionNo: "1", Approver: chief, At: noticeEnd}
	run(t,
		row{Rule: "a notice posted on 2 August runs to the end of 1 September in China", Given: base, When: post, Then: history{posted()}},
		row{Rule: "a direct plan needs no notice", Given: planned(t, opened()), When: post, Err: domain.ErrNoticeNotAsked},
		row{Rule: "a plan is posted once", Given: running, When: post, Err: domain.ErrNoticePosted},
		row{Rule: "without a plan nothing is posted", Given: ready(mixed()), When: post, Err: domain.ErrNoPlan},
		row{Rule: "a medium is a code and no prose", Given: base, When: prose, Err: domain.ErrCode},
		row{Rule: "a second before its end the notice runs", Given: running, When: domain.EndNotice{At: noticeEnd.Add(-time.Second)}},
		row{Rule: "at its end the notice is over", Given: running, When: domain.EndNotice{At: noticeEnd}, Then: history{event.PublicNoticeEnded{EndedAt: noticeEnd}}},
		row{Rule: "however late the clock is looked at, the notice was over when it was", Given: running, When: domain.EndNotice{At: noticeEnd.Add(time.Hour)}, Then: history{event.PublicNoticeEnded{EndedAt: noticeEnd}}},
		row{Rule: "a notice ends once", Given: over, When: domain.EndNotice{At: noticeEnd}},
		row{Rule: "without a notice none ends", Given: base, When: domain.EndNotice{At: noticeEnd}},
		row{Rule: "before a notice was posted nothing is approved", Given: base.and(report), When: approve, Err: domain.ErrNoticeRunning},
		row{Rule: "while the notice runs nothing is approved", Given: running.and(report), When: approve, Err: domain.ErrNoticeRunning},
		row{Rule: "an open objection holds the approval up", Given: over.and(objected, report), When: approve, Err: domain.ErrObjectionOpen},
		row{Rule: "a dismissed objection does not", Given: over.and(objected, dismissed, report), When: approve, Then: history{done}},
		row{Rule: "an upheld objection voids the plan", Given: over.and(objected, report, event.RefundObjectionDecided{Objection: "o-1", Upheld: true, By: wang, At: noon}), When: approve, Err: domain.ErrNoPlan},
		row{Rule: "an objection holds up a direct refund too", Given: reported(t, opened()).and(objected), When: approve, Err: domain.ErrObjectionOpen},
	)
}

func TestTheNoticesClockRunsWhileItDoesAndNoLonger(t *testing.T) {
	running := planned(t, mixed()).and(posted())
	for name, c := range map[string]struct {
		h    history
		want []es.Alarm
	}{
		"before":  {planned(t, mixed()), nil},
		"running": {running, []es.Alarm{{Name: "public-notice", At: noticeEnd}}},
		"over":    {running.and(event.PublicNoticeEnded{EndedAt: noticeEnd}), nil},
		"void":    {running.and(applied("t-1", other)), nil},
	} {
		if diff := cmp.Diff(c.want, domain.Due(c.h.state())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestI70_ANoticeOfThirtyDaysIsCountedInChina(t *testing.T) {
	for posted, want := range map[string]string{
		"2021-03-01T00:00:00+08:00": "2021-04-01T00:00:00+08:00", // the day of posting does not count
		"2021-03-01T23:59:59+08:00": "2021-04-01T00:00:00+08:00",
		"2021-02-28T16:30:00Z":      "2021-04-01T00:00:00+08:00", // 1 March in China already
	} {
		at, err := time.Parse(time.RFC3339, posted)
		if err != nil {
			t.Fatal(err)
		}
		h := planned(t, mixed()).does(t, domain.PostNotice{Medium: "police-website", TextHash: "sm3-of-text", By: li, At: at})
		if got := h.state().Notice.EndsAt.In(identity.Shanghai()).Format(time.RFC3339); got != want {
			t.Errorf("posted %s: ends %s, want %s", posted, got, want)
		}
	}
}

func TestObjectionsAreFiledAndDecidedOnce(t *testing.T) {
	file := domain.FileObjection{Objection: "o-1", Grounds: "ownership", At: noon}
	filed := event.RefundObjectionFiled{Objection: "o-1", Grounds: "ownership", At: noon}
	decide := domain.DecideObjection{Objection: "o-1", By: wang, At: noon}
	decided := event.RefundObjectionDecided{Objection: "o-1", By: wang, At: noon}
	prose := file
	prose.Grounds = "Yang says the money is his"
	many := planned(t, mixed())
	for n := range 200 {
		many = many.and(event.RefundObjectionFiled{Objection: fmt.Sprintf("n-%d", n), Grounds: "ownership", At: noon})
	}
	run(t,
		row{Rule: "an objection is filed", Given: planned(t, mixed()), When: file, Then: history{filed}},
		row{Rule: "the same objection is not filed twice", Given: planned(t, mixed()).and(filed), When: file, Err: domain.ErrObjectionTwice},
		row{Rule: "grounds are a code and no prose", Given: planned(t, mixed()), When: prose, Err: domain.ErrCode},
		row{Rule: "the 201st objection is refused", Given: many, When: file, Err: domain.ErrTooManyObjected},
		row{Rule: "after the approval it is too late", Given: approved(t, mixed()), When: file, Err: domain.ErrApprovedAlready},
		row{Rule: "an objection is decided", Given: planned(t, mixed()).and(filed), When: decide, Then: history{decided}},
		row{Rule: "an objection is decided once", Given: planned(t, mixed()).and(filed, decided), When: decide, Err: domain.ErrObjectionClosed},
		row{Rule: "what was not filed is not decided", Given: planned(t, mixed()), When: decide, Err: domain.ErrNoObjection},
	)
}

func TestI39_OnlyAChiefOfCityLevelOrAboveApproves(t *testing.T) {
	h := reported(t, opened())
	hash := h.state().Plan.Hash
	by := func(level identity.Level) domain.Approve {
		return domain.Approve{DecisionNo: "1", Approver: event.Officer{PoliceNo: "zhao", Unit: "440900000000", Level: level}, At: noon}
	}
	done := func(level identity.Level) history {
		return history{event.RefundApproved{PlanHash: hash, DecisionNo: "1", Approver: by(level).Approver, At: noon}}
	}
	self, bare := by(identity.City), by(identity.City)
	self.Approver.PoliceNo = "li"
	bare.DecisionNo = ""
	reject := domain.Reject{Reason: "ownership-unclear", Approver: chief, At: noon}
	low, prose := reject, reject
	low.Approver.Level = identity.County
	prose.Reason = "not yet"
	run(t,
		row{Rule: "a chief of a city approves", Given: h, When: by(identity.City), Then: done(identity.City)},
		row{Rule: "a chief of a province approves", Given: h, When: by(identity.Province), Then: done(identity.Province)},
		row{Rule: "a chief of a county does not", Given: h, When: by(identity.County), Err: domain.ErrApproverLevel},
		row{Rule: "a chief of a station does not", Given: h, When: by(identity.Station), Err: domain.ErrApproverLevel},
		row{Rule: "someone without a level does not", Given: h, When: by(""), Err: domain.ErrApproverLevel},
		row{Rule: "who reported does not approve", Given: h, When: self, Err: domain.ErrSelfApproval},
		row{Rule: "a decision has a number", Given: h, When: bare, Err: domain.ErrDecisionNumber},
		row{Rule: "what was not reported is not approved", Given: planned(t, opened()), When: by(identity.City), Err: domain.ErrNotReported},
		row{Rule: "without a plan there is nothing to approve", Given: ready(opened()), When: by(identity.City), Err: domain.ErrNoPlan},
		row{Rule: "a refund is approved once", Given: approved(t, opened()), When: by(identity.City), Err: domain.ErrApprovedAlready},
		row{Rule: "a chief of a city rejects", Given: h, When: reject, Then: history{event.RefundRejected{Reason: "ownership-unclear", Approver: chief, At: noon}}},
		row{Rule: "a chief of a county does not reject", Given: h, When: low, Err: domain.ErrApproverLevel},
		row{Rule: "a rejection has a code and no prose", Given: h, When: prose, Err: domain.ErrCode},
		row{Rule: "after a rejection the plan is to be proposed anew", Given: h.and(event.RefundRejected{Reason: "ownership-unclear", Approver: chief, At: noon}), When: domain.SubmitReport{By: li, At: noon}, Err: domain.ErrNoPlan},
		row{Rule: "a plan is reported once", Given: h, When: domain.SubmitReport{By: wang, At: noon}},
		row{Rule: "after the approval nothing is reported", Given: approved(t, opened()), When: domain.SubmitReport{By: li, At: noon}, Err: domain.ErrApprovedAlready},
	)
}

func TestI49_APlanStandsOrFallsWithItsInputs(t *testing.T) {
	h := reported(t, opened())
	approve := domain.Approve{DecisionNo: "1", Approver: chief, At: noon}
	recompiled := flowTable()
	recompiled.Version, recompiled.Hash = 2, "another"
	forged := planned(t, opened())
	tampered, _ := forged[len(forged)-1].(event.RefundPlanProposed)
	tampered.Lines = []event.PlanLine{tampered.Lines[0], {Victim: "p-1", Transfer: "t-2", Loss: 5_000_000, Refund: 5_000_000}}
	report := event.RefundReportSubmitted{PlanHash: tampered.Hash, By: li, At: noon}
	elsewhere := report
	elsewhere.PlanHash = "of another plan"
	serve := domain.ServeNotice{Officers: []event.Officer{li, wang}, At: noon}
	decided := event.RefundApproved{PlanHash: "of another plan", DecisionNo: "1", Approver: chief, At: noon}
	run(t,
		row{Rule: "another payee voids a reported plan", Given: h.and(applied("t-1", other)), When: approve, Err: domain.ErrNoPlan},
		row{Rule: "another flow table voids a reported plan", Given: h.and(recompiled), When: approve, Err: domain.ErrNoPlan},
		row{Rule: "after the approval no new plan is proposed", Given: approved(t, opened()), When: domain.ProposePlan{By: li, At: noon}, Err: domain.ErrApprovedAlready},
		row{Rule: "a plan that differs from its hash is not approved", Given: ready(opened()).and(tampered, report), When: approve, Err: domain.ErrPlanChanged},
		row{Rule: "a plan other than the one reported is not approved", Given: planned(t, opened()).and(elsewhere), When: approve, Err: domain.ErrPlanChanged},
		row{Rule: "a plan other than the one approved is not served", Given: h.and(decided), When: serve, Err: domain.ErrPlanChanged},
	)
	one := planned(t, opened()).state().Plan.Hash
	for name, o := range map[string]event.RefundOpened{"frozen": opened(), "held": opened(), "declared": opened(), "credits": opened()} {
		switch name {
		case "frozen":
			o.Frozen++
		case "held":
			o.Claims[0].Held++
		case "declared":
			o.Claims[0].Declared, o.Claims[0].Reached = 2_999_999, 2_999_999
		case "credits":
			o.Credits++
		}
		if planned(t, o).state().Plan.Hash == one {
			t.Errorf("%s changes, and the plan's hash does not", name)
		}
	}
}

func TestI36_APlanDoesNotHangOnWhoProposesItWhen(t *testing.T) {
	one := ready(opened()).does(t, domain.ProposePlan{By: li, At: noon}).state().Plan
	two := ready(opened()).does(t, domain.ProposePlan{By: wang, At: noon.Add(time.Hour)}).state().Plan
	if one.Hash != two.Hash {
		t.Error("the same inputs give two plans")
	}
	const pinned = "4349160fd7c6acb4821bff875681346f3b5abfea1e3a5f00bb023966a86883f9"
	if one.Hash != pinned {
		t.Errorf("the plan of these inputs had another hash before: now %s", one.Hash)
	}
}
