package rest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/rest"
)

// documented are the kinds of discrepancy that the documentation tells of.
func documented(t *testing.T) (kinds []string) {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## What does not fit in a bank's answer")
	table, _, _ = strings.Cut(table, "\n## ")
	code := regexp.MustCompile("`([a-z-]+)`")
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, m := range code.FindAllStringSubmatch(cells[1], -1) {
				kinds = append(kinds, m[1])
			}
		}
	}
	if len(kinds) < 30 {
		t.Fatalf("only %d kinds are documented", len(kinds))
	}
	return kinds
}

func TestEveryCodeThatAPersonReadsHasChineseBesideIt(t *testing.T) {
	said := map[string]string{}
	for _, s := range []domain.OrderState{
		domain.Waiting, domain.Approved, domain.Sent, domain.Executed, domain.Queued, domain.Failed, domain.Rejected, domain.Lapsed, domain.Lifted,
	} {
		said["state "+string(s)] = rest.OrderStateName(s)
	}
	for _, k := range []string{"stop", "second-stop", "lift", "narrowing", "raise", "freeze", "renewal", "release", "query"} {
		said["order "+k] = rest.OrderKindName(k)
	}
	for _, c := range []string{
		bank.MismatchName, bank.MismatchAccount, bank.MismatchAmount, bank.MismatchTime, bank.NotFound, bank.Closed, bank.Technical, bank.Queued, bank.Ended,
		bank.UnknownOrder, domain.LiftUnrelated, domain.LiftError, domain.LiftObjection, domain.LiftUnpapered, domain.LiftDisproportionate, domain.LiftUnlawful,
		domain.LiftConverted, "concluded", "no-basis", "wrong-account", "duplicate", "lapsed", "after-release", domain.ErrNoOrder.Rule.Code,
	} {
		said["cause "+c] = rest.CauseName(c)
	}
	for _, w := range []string{
		domain.WithheldLevel, domain.WithheldAmount, domain.WithheldKind, domain.WithheldAge, domain.WithheldParent, domain.WithheldAttempts,
		domain.WithheldFailed, domain.WithheldRejected, domain.WithheldLifted, domain.WithheldUsedUp, domain.WithheldRefused,
	} {
		said["withheld "+w] = rest.WithheldName(w)
	}
	for _, s := range []domain.ProtectiveState{domain.ProtectiveWaiting, domain.ProtectiveActive, domain.ProtectiveRejected, domain.ProtectiveReleasing, domain.ProtectiveEnded} {
		said["protective "+string(s)] = rest.ProtectiveStateName(s)
	}
	for _, k := range []string{"bank-discrepancy", "stray-answer", "strays-dropped", "delivery-failed"} {
		said["finding "+k] = rest.FindingName(k)
	}
	for _, k := range documented(t) {
		said["discrepancy "+k] = rest.CodeName("bank-discrepancy", k)
	}
	for _, c := range []string{"timeout", "refused", "tls", "status", "malformed", "signature"} {
		said["delivery "+c] = rest.CodeName("delivery-failed", c)
	}
	for _, v := range []string{domain.ErrNoOrder.Rule.Code, domain.ErrOtherBank.Rule.Code} {
		said["stray "+v] = rest.CodeName("stray-answer", v)
	}
	for _, tx := range []string{bank.TxQuery, bank.TxHolderQuery, bank.TxAllAccounts} {
		said["query "+tx] = rest.QueryName(tx)
	}
	for _, s := range []string{bank.StateNormal, bank.StateStopped, bank.StateFrozen, bank.StateClosed} {
		said["account "+s] = rest.AccountStateName(s)
	}
	for _, s := range []string{"reachable", "unreachable"} {
		said["bank "+s] = rest.ReachName(s)
	}
	for code, text := range said {
		if !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s is told as %q", code, text)
		}
	}
	if rest.CauseName("") != "" || rest.WithheldName("") != "" || rest.OrderStateName("") != "" {
		t.Error("nothing is told as something")
	}
}
