package domain_test

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
)

type row = estest.Case[domain.Command, event.RefundEvent]

func run(t *testing.T, table ...row) {
	t.Helper()
	estest.Run(t, domain.Decider(hash), table)
}

func TestAFreezeOpensAProcedure(t *testing.T) {
	open := domain.Open{Procedure: "r-1", Freeze: freeze(), Declared: declared(), At: noon}
	turned := open
	turned.Declared = []domain.Declared{declared()[1], declared()[0]}
	foreign, undeclared, unheld, absurd := open, open, open, open
	foreign.Freeze.Attribution.Held = append(freeze().Attribution.Held, event.Lot{Case: "c-2", Victim: "p-2", Transfer: "t-9", Amount: 9})
	undeclared.Declared = declared()[:1]
	unheld.Freeze.Attribution.Held = []event.Lot{{Amount: 10_000_000}}
	absurd.Freeze.Attribution.Held = []event.Lot{lot("t-1", 1<<62), lot("t-1", 1<<62)}
	split := open
	split.Freeze.Attribution.Held = []event.Lot{lot("t-2", 2_000_000), lot("t-1", 400_000), lot("t-1", 600_000)}
	run(t,
		row{Rule: "a frozen account with a victim's money gets a procedure with a claim for each declared transfer", When: open, Then: history{opened()}},
		row{Rule: "the order of declarations changes nothing", When: turned, Then: history{opened()}},
		row{Rule: "several lots of one transfer are one claim", When: split, Then: history{opened()}},
		row{Rule: "money of another case is left to its own procedure, and counted", When: foreign, Then: history{withOthers(9)}},
		row{Rule: "a freeze that is heard twice opens one procedure", Given: history{opened()}, When: open},
		row{Rule: "a lot that no victim has declared is refused", When: undeclared, Err: domain.ErrClaimUndeclared},
		row{Rule: "a freeze without a victim's money opens nothing", When: unheld, Err: domain.ErrClaimUndeclared},
		row{Rule: "lots beyond any amount are refused", When: absurd, Err: domain.ErrTotal},
	)
}

func TestI32_OnlyFrozenMoneyIsReturned(t *testing.T) {
	nothing := domain.Open{Procedure: "r-1", Freeze: freeze(), Declared: declared(), At: noon}
	nothing.Freeze.Frozen = 0
	late := expires
	run(t,
		row{Rule: "an account on which nothing is frozen has no refund", When: nothing, Err: domain.ErrNotFrozen},
		row{Rule: "once the freeze is over nothing is approved", Given: reported(t, opened()), When: domain.Approve{DecisionNo: "1", Approver: chief, At: late}, Err: domain.ErrFreezeExpired},
		row{Rule: "once the freeze is over nothing is served", Given: approved(t, opened()), When: domain.ServeNotice{Officers: []event.Officer{li, wang}, At: late}, Err: domain.ErrFreezeExpired},
	)
}

func TestVictimsAreToldAndApply(t *testing.T) {
	inform := domain.InformVictim{Victim: "p-1", Via: "phone", By: li, At: noon}
	apply := domain.Apply{Victim: "p-1", Transfer: "t-1", Officers: []event.Officer{li, wang}, At: noon}
	alone, twice, stranger, prose := apply, apply, inform, inform
	alone.Officers = []event.Officer{li, {}}
	twice.Officers = []event.Officer{li, li}
	stranger.Victim = "p-9"
	prose.Via = "called Mr Yang"
	wrong := apply
	wrong.Transfer = "t-9"
	run(t,
		row{Rule: "nobody can be told about a procedure that is not there", When: inform, Err: domain.ErrNoProcedure},
		row{Rule: "a victim is told of the freeze", Given: history{opened()}, When: inform, Then: history{informed()}},
		row{Rule: "a victim who was told need not be told again", Given: history{opened(), informed()}, When: inform},
		row{Rule: "someone without a claim is not told", Given: history{opened()}, When: stranger, Err: domain.ErrVictim},
		row{Rule: "a way is a code and no prose", Given: history{opened()}, When: prose, Err: domain.ErrCode},
		row{Rule: "an application pays to the original out-account", Given: history{opened()}, When: apply, Then: history{applied("t-1", victimA)}},
		row{Rule: "the same application twice is one", Given: history{opened(), applied("t-1", victimA)}, When: apply},
		row{Rule: "one officer alone takes no application", Given: history{opened()}, When: alone, Err: domain.ErrTwoOfficers},
		row{Rule: "the same officer twice takes no application", Given: history{opened()}, When: twice, Err: domain.ErrTwoOfficers},
		row{Rule: "a transfer that did not reach the account cannot be applied for", Given: history{opened()}, When: wrong, Err: domain.ErrClaim},
		row{Rule: "after the approval applications are closed", Given: approved(t, opened()), When: apply, Err: domain.ErrApprovedAlready},
	)
}

func TestI40_ThePayeeIsTheOriginalAccountOrAnotherOfTheVictimsOwn(t *testing.T) {
	named := account("new", "102100099996")
	cmd := domain.Apply{
		Victim: "p-1", Transfer: "t-1", Payee: named, PayeeOwner: "p-1", PayeeNamed: true, Reason: "closed",
		Officers: []event.Officer{li, wang}, At: noon,
	}
	original, bare, prose, foreign, misnamed := cmd, cmd, cmd, cmd, cmd
	original.Payee, original.Reason, original.PayeeNamed = victimA, "", false
	bare.Reason = ""
	prose.Reason = "because he wants it there"
	foreign.PayeeOwner = "p-9"
	misnamed.PayeeNamed = false
	granted := applied("t-1", named)
	granted.Reason = "closed"
	run(t,
		row{Rule: "the victim's own other account is taken with a reason", Given: history{opened()}, When: cmd, Then: history{granted}},
		row{Rule: "naming the original account is the same as naming none", Given: history{opened()}, When: original, Then: history{applied("t-1", victimA)}},
		row{Rule: "another account without a reason is refused", Given: history{opened()}, When: bare, Err: domain.ErrPayeeNotOrig},
		row{Rule: "another account for a reason of no code is refused", Given: history{opened()}, When: prose, Err: domain.ErrPayeeNotOrig},
		row{Rule: "another person's account is refused", Given: history{opened()}, When: foreign, Err: domain.ErrPayeeNotOwn},
		row{Rule: "an account in another name is refused", Given: history{opened()}, When: misnamed, Err: domain.ErrPayeeNotOwn},
	)
}

func TestAFlowTableIsCompiledAndChecked(t *testing.T) {
	cmd := domain.CompileFlowTable{Rows: rows(), By: li, CheckedBy: wang, At: noon}
	data, err := json.Marshal(rows())
	if err != nil {
		t.Fatal(err)
	}
	first := flowTable()
	first.Hash = hex.EncodeToString(hash([]byte("flow-table"), data))
	alone, nobody, half, dry, long := cmd, cmd, cmd, cmd, cmd
	alone.CheckedBy = li
	nobody.CheckedBy = event.Officer{}
	half.Rows = rows()[:1]
	dry.Rows = rows()
	for n := range dry.Rows {
		dry.Rows[n].Transfer.To = other
	}
	long.Rows = make([]event.FlowRow, 401)
	second := first
	second.Version = 2
	run(t,
		row{Rule: "the table has a version and the hash of its rows", Given: history{opened()}, When: cmd, Then: history{first}},
		row{Rule: "the same rows again are the same table", Given: history{opened(), first}, When: cmd},
		row{Rule: "other rows are a new version", Given: history{opened(), flowTable()}, When: cmd, Then: history{second}},
		row{Rule: "who compiles does not check", Given: history{opened()}, When: alone, Err: domain.ErrSelfCheck},
		row{Rule: "a table without a checker is refused", Given: history{opened()}, When: nobody, Err: domain.ErrTwoOfficers},
		row{Rule: "a table that leaves out a claimed transfer is refused", Given: history{opened()}, When: half, Err: domain.ErrFlowIncomplete},
		row{Rule: "a table that does not reach the frozen account is refused", Given: history{opened()}, When: dry, Err: domain.ErrFlowIncomplete},
		row{Rule: "a table of 401 rows is refused", Given: history{opened()}, When: long, Err: domain.ErrFlowTooLong},
		row{Rule: "after the approval the table stands", Given: approved(t, opened()), When: cmd, Err: domain.ErrApprovedAlready},
	)
}

// plan is the plan of the two claims, with the lines' refunds as given.
func plan(mode event.RefundMode, hash string, one, two money.Fen) event.RefundPlanProposed {
	return event.RefundPlanProposed{
		Mode: mode, FormulaVersion: "41-8-3/largest-remainder/v1", Attributable: 3_000_000, Frozen: 10_000_000,
		Lines: []event.PlanLine{
			{Victim: "p-1", Transfer: "t-1", Loss: 3_000_000, Refund: one},
			{Victim: "p-1", Transfer: "t-2", Loss: 5_000_000, Refund: two},
		},
		Remainder: 10_000_000 - one - two, NoticeRequired: mode == "PRORATA", Hash: hash, By: li, At: noon,
	}
}

func TestI34_APlanGivesTheFrozenMoneyOutToTheLastFenOrKeepsItFrozen(t *testing.T) {
	single, single2, short := opened(), opened(), opened()
	single.Credits = 1
	single2.Credits = 1
	single2.Claims = single2.Claims[:1]
	short.Frozen = 1_500_000
	scarce := plan("PRORATA", "f6302ca1f3ae8ce2", 562_500, 937_500)
	scarce.Attributable, scarce.Frozen, scarce.Remainder = 1_500_000, 1_500_000, 0
	alone := plan("DIRECT2", "alone", 1_000_000, 0)
	alone.Lines, alone.Remainder = alone.Lines[:1], 9_000_000
	propose := domain.ProposePlan{By: li, At: noon}
	// The hashes are taken over: what they cover is tested by I36 and I49.
	hashed := func(h history, want event.RefundPlanProposed) history {
		want.Hash = h.does(t, propose).state().Plan.Hash
		return history{want}
	}
	partly := history{opened(), informed(), applied("t-1", victimA), flowTable()}
	run(t,
		row{Rule: "one credit that is all the victim's goes back directly", Given: ready(single), When: propose, Then: hashed(ready(single), plan("DIRECT1", "", 1_000_000, 2_000_000))},
		row{Rule: "many credits told apart by time stamp go back directly, each what is held of it", Given: ready(opened()), When: propose, Then: hashed(ready(opened()), plan("DIRECT2", "", 1_000_000, 2_000_000))},
		row{Rule: "what is not told apart is shared by the losses, with a public notice", Given: ready(mixed()), When: propose, Then: hashed(ready(mixed()), plan("PRORATA", "", 1_125_000, 1_875_000))},
		row{Rule: "where less is frozen than is held it is shared too", Given: ready(short), When: propose, Then: hashed(ready(short), scarce)},
		row{Rule: "who has not applied keeps his share frozen", Given: partly, When: propose, Then: hashed(partly, alone)},
		row{Rule: "a plan proposed again on the same inputs is the same plan", Given: planned(t, opened()), When: propose},
		row{Rule: "no plan before every victim was told", Given: history{opened(), applied("t-1", victimA), flowTable()}, When: propose, Err: domain.ErrNotInformed},
		row{Rule: "no plan without an application", Given: history{opened(), informed(), flowTable()}, When: propose, Err: domain.ErrNotApplied},
		row{Rule: "no plan without a flow table", Given: history{opened(), informed(), applied("t-1", victimA)}, When: propose, Err: domain.ErrNoFlowTable},
	)
}

func TestAPlanThatGivesNobodyAnythingIsRefused(t *testing.T) {
	crumb := mixed()
	crumb.Frozen = 1
	crumb.Claims[0].Declared, crumb.Claims[0].Reached, crumb.Claims[0].Held = 1, 1, 1
	crumb.Claims[1].Held = 1
	run(t, row{
		Rule:  "one fen for two claims goes to the larger, and the smaller alone has nothing to get",
		Given: history{crumb, informed(), applied("t-1", victimA), flowTable()}, When: domain.ProposePlan{By: li, At: noon}, Err: domain.ErrNothing,
	})
}

func TestI31_NoTransferReturnsMoreThanWasLostByIt(t *testing.T) {
	over := opened()
	over.Claims[0].Declared = 400_000 // less than what is held of it
	over.Claims[1].Reached = 900_000
	got := planned(t, over).state().Plan
	if got.Lines[0].Refund != 400_000 || got.Lines[1].Refund != 900_000 || got.Remainder != 8_700_000 {
		t.Errorf("lines %+v, remainder %d", got.Lines, got.Remainder)
	}
	over.Exact = false
	got = planned(t, over).state().Plan
	if got.Lines[0].Refund > 400_000 || got.Lines[1].Refund > 900_000 {
		t.Errorf("in proportion: lines %+v", got.Lines)
	}
}

func TestI38_ADirectRefundNeedsTheProofByTimeStamps(t *testing.T) {
	single := mixed()
	single.Credits = 1
	for name, o := range map[string]event.RefundOpened{"one credit": single, "many credits": mixed()} {
		if got := planned(t, o).state().Plan; got.Mode != event.Proportionately || !got.NoticeRequired {
			t.Errorf("%s without proof: %s, notice %t", name, got.Mode, got.NoticeRequired)
		}
	}
	forged := planned(t, mixed())
	direct, _ := forged[len(forged)-1].(event.RefundPlanProposed)
	direct.Mode, direct.NoticeRequired = event.Direct2, false
	run(t, row{
		Rule:  "a plan that calls itself direct without proof is not approved",
		Given: ready(mixed()).and(direct, event.RefundReportSubmitted{PlanHash: direct.Hash, By: li, At: noon}),
		When:  domain.Approve{DecisionNo: "1", Approver: chief, At: noon}, Err: domain.ErrNotDirect,
	})
}

func TestTheStageTellsHowFarAProcedureHasCome(t *testing.T) {
	h := planned(t, mixed())
	posted := h.does(t, domain.PostNotice{Medium: "police-website", TextHash: "sm3-of-text", By: li, At: noon})
	for want, h := range map[string]history{
		"opened": {opened()}, "informed": {opened(), informed()}, "applied": {opened(), informed(), applied("t-1", victimA)},
		"flow-table": ready(opened()), "planned": h, "notice-running": posted, "notice-ended": posted.does(t, domain.EndNotice{At: noticeEnd}),
		"reported": reported(t, mixed()), "approved": approved(t, mixed()), "served": served(t, mixed()),
	} {
		if got := h.state().Stage(); got != want {
			t.Errorf("stage %q, want %q", got, want)
		}
	}
}

// withOthers is the procedure with money of other cases' victims on the account.
func withOthers(held money.Fen) event.RefundOpened {
	o := opened()
	o.OthersHeld = held
	return o
}

func TestI30_VictimsOfAllCasesShareWhatIsFrozen(t *testing.T) {
	o := withOthers(17_000_000) // with our 3,000,000 that is twice what is frozen
	plan, ok := ready(o).does(t, domain.ProposePlan{By: li, At: noon})[5].(event.RefundPlanProposed)
	if !ok {
		t.Fatal("no plan")
	}
	if plan.Mode != event.Proportionately || !plan.NoticeRequired || plan.Attributable != 1_500_000 || plan.Remainder != 8_500_000 {
		t.Errorf("%s of %d, %d remain", plan.Mode, plan.Attributable, plan.Remainder)
	}
	enough, ok := ready(withOthers(7_000_000)).does(t, domain.ProposePlan{By: li, At: noon})[5].(event.RefundPlanProposed)
	if !ok || enough.Mode != event.Direct2 || enough.Attributable != 3_000_000 {
		t.Errorf("where all is frozen: %s of %d", enough.Mode, enough.Attributable)
	}
}
