package tidy_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/yuanlu/yuanlu/test/tidy"
)

const root = "../.."

var rewrite = flag.Bool("rewrite", false, "fill docs/invariants.md with the names of the tests as they are")

func TestServicesTalkThroughTheLogAloneAndLibrariesKnowNobodyAboveThem(t *testing.T) {
	directory, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	packages, err := tidy.Load(t.Context(), directory)
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 20 {
		t.Fatalf("only %d packages were found: the check looks at nothing", len(packages))
	}
	report(t, tidy.Edges(packages))
}

func TestEveryServiceHasTheSameRooms(t *testing.T) {
	report(t, tidy.Rooms(os.DirFS(root), tidy.Services()))
}

func TestEveryServiceTellsTheTruthAboutWhatItHearsDecidesAndSays(t *testing.T) {
	report(t, tidy.Tables(os.DirFS(root), tidy.Services()))
}

func TestFilesAndFunctionsStayShortAndDomainsPure(t *testing.T) {
	report(t, tidy.Sources(os.DirFS(root)))
}

func TestNoTextNamesAMachineOrARegistry(t *testing.T) {
	report(t, tidy.Words(os.DirFS(root)))
}

func TestEveryStoredNameHasItsGoldenSample(t *testing.T) {
	report(t, tidy.Samples(os.DirFS(root)))
}

func TestEveryPageOfTheHouseLeadsSomewhere(t *testing.T) {
	report(t, tidy.Links(os.DirFS(root)))
}

func TestEveryDependencyIsExplained(t *testing.T) {
	report(t, tidy.Dependencies(os.DirFS(root)))
}

func TestTheListOfInvariantsIsTheTruthAboutTheTests(t *testing.T) {
	repository := os.DirFS(root)
	if *rewrite {
		page, err := tidy.RewriteInvariants(repository)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, tidy.InvariantsPage), []byte(page), 0o644); err != nil { //nolint:gosec // a page of the repository
			t.Fatal(err)
		}
	}
	report(t, tidy.Invariants(repository))
	if t.Failed() {
		t.Log("make invariants writes the list anew")
	}
}

func report(t *testing.T, complaints []string) {
	t.Helper()
	for _, c := range complaints {
		t.Error(c)
	}
}
