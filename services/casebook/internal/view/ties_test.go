package view_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/services/casebook/internal/view"
)

func TestEveryEventThatNamesWhatBelongsToACaseIsRead(t *testing.T) {
	for kind, names := range map[string][]string{
		"alert": event.AlertCodec().Names(), "account": event.AccountCodec().Names(), "protective": event.ProtectiveCodec().Names(),
		"shield": event.ShieldCodec().Names(), "bank": event.DeskCodec().Names(), "approval": event.ApprovalCodec().Names(),
	} {
		for _, name := range names {
			sample, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "api", "event", "samples", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			told, asked, err := view.Told(kind, name, sample)
			if err != nil {
				t.Errorf("%s cannot be read: %v", name, err)
			}
			if want := naming(kind, name); want != "" && (!asked || !slices.Contains(told, want)) {
				t.Errorf("%s names %q, not %s", name, told, want)
			}
		}
	}
}

// naming is what an event has to name.
func naming(kind, name string) string {
	switch name {
	case "stray-answers-dropped.v1", "bank-unreachable.v1", "bank-reachable.v1":
		return "" // of a bank alone
	case "stop-requested.v1", "stop-raise-requested.v1", "lift-requested.v1", "freeze-requested.v1", "freeze-renewal-requested.v1",
		"freeze-release-requested.v1", "account-query-requested.v1", "protective-stop-requested.v1", "protective-renewal-requested.v1",
		"protective-exemption-granted.v1", "protective-release-requested.v1", "protective-lift-requested.v1":
		return "order:x1"
	}
	return map[string]string{"shield": "protective:x1", "bank": "order:x1", "approval": "approval:x1"}[kind]
}
