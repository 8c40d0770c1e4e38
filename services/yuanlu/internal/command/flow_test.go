package command_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// printed is a drawing of two sheets.
const printed = `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="420mm"><style>@page{margin:0}</style>
<svg id="sheet-1" xmlns="http://www.w3.org/2000/svg"><svg/><text>第 1/2 页 &amp;</text></svg>
<line/>
<svg id="sheet-2" xmlns="http://www.w3.org/2000/svg"><text>第 2/2 页</text></svg>
</svg>
`

// drawing is a city that answers with what it was asked.
func drawing() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/demo/tokens", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"token":"t"}`) })
	mux.HandleFunc("GET /v1/pursuits/{case}/{what}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("case") == "nobody" {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"code":"pursuit-unknown","title":"没有此案件的追踪","titleEn":"none","status":404}`)
			return
		}
		if r.URL.RawQuery == "paper=a4" && r.PathValue("case") == "printed" {
			_, _ = fmt.Fprint(w, printed)
			return
		}
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Header.Get("Authorization"), r.PathValue("what"), r.URL.RawQuery)
	})
	return mux
}

func TestAFlowIsWrittenAsItIsAskedFor(t *testing.T) {
	t.Setenv("YUANLU_TOKEN", "")
	base := serve(t, drawing())
	file, paged := filepath.Join(t.TempDir(), "flow.xlsx"), filepath.Join(t.TempDir(), "flow.svg")
	for _, c := range []struct {
		rule string
		args []string
		code int
		want string // on standard output, or else in the file
	}{
		{"a drawing, as it is known now", nil, 0, "Bearer t flow.svg "},
		{"an instant is Asia/Shanghai", []string{"--at", "2021-07-17 16:05"}, 0, "Bearer t flow.svg at=2021-07-17T08%3A05%3A00Z"},
		{"every account by itself", []string{"--expand"}, 0, "Bearer t flow.svg expand=all"},
		{"in full, for a purpose", []string{"--unmasked", "--purpose", "review"}, 0, "Bearer t flow.svg purpose=review&unmasked=true"},
		{"in full for no purpose is wrong usage", []string{"--unmasked"}, 2, ""},
		{"in full for another purpose is wrong usage", []string{"--unmasked", "--purpose", "mood"}, 2, ""},
		{"sheets for printing", []string{"--paper", "a4"}, 0, "Bearer t flow.svg paper=a4"},
		{"sheets in a file", []string{"--paper", "a4", "-o", paged}, 0, ""},
		{"sheets of another paper are wrong usage", []string{"--paper", "a5"}, 2, ""},
		{"a workbook has no paper", []string{"--format", "xlsx", "-o", file, "--paper", "a4"}, 2, ""},
		{"JSON", []string{"--format", "json", "--expand"}, 0, "Bearer t flow "},
		{"a workbook goes to a file", []string{"--format", "xlsx", "-o", file, "--unmasked", "--purpose", "file"}, 0, ""},
		{"a workbook on standard output is wrong usage", []string{"--format", "xlsx"}, 2, ""},
		{"another format is wrong usage", []string{"--format", "pdf"}, 2, ""},
		{"a file that cannot be is wrong usage", []string{"-o", filepath.Join(file, "below")}, 2, ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got := call(t, append([]string{"flow", "case-1", "--server", base}, c.args...)...)
			if got.code != c.code || got.out != c.want {
				t.Errorf("%d %q %s", got.code, got.out, got.err)
			}
		})
	}
	if got := call(t, "flow", "nobody", "--server", base); got.code != 3 || got.out != "" {
		t.Errorf("a case that is unknown: %d %q", got.code, got.err)
	}
	if content, err := os.ReadFile(paged); err != nil || string(content) != "Bearer t flow.svg paper=a4" {
		t.Errorf("the sheets: %q %v", content, err)
	}
	content, err := os.ReadFile(file)
	info, errInfo := os.Stat(file)
	if err != nil || errInfo != nil || string(content) != "Bearer t flow.xlsx purpose=file&unmasked=true" || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %q %v %v", content, err, errInfo)
	}
	if left, _ := filepath.Glob(file + ".*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSheetsForPrintingGoToADirectoryOneByOne(t *testing.T) {
	t.Setenv("YUANLU_TOKEN", "")
	base, there := serve(t, drawing()), t.TempDir()
	fresh := filepath.Join(there, "sheets") + string(filepath.Separator)
	for _, dir := range []string{there, fresh} {
		if got := call(t, "flow", "printed", "--server", base, "--paper", "a4", "-o", dir); got.code != 0 || got.out != "" {
			t.Fatalf("%d %q %s", got.code, got.out, got.err)
		}
		for name, want := range map[string]string{
			"fund-flow-a4-1-of-2.svg": xml.Header + `<svg id="sheet-1" xmlns="http://www.w3.org/2000/svg"><svg/><text>第 1/2 页 &amp;</text></svg>` + "\n",
			"fund-flow-a4-2-of-2.svg": xml.Header + `<svg id="sheet-2" xmlns="http://www.w3.org/2000/svg"><text>第 2/2 页</text></svg>` + "\n",
		} {
			content, err := os.ReadFile(filepath.Join(dir, name))
			info, errInfo := os.Stat(filepath.Join(dir, name))
			if err != nil || errInfo != nil || string(content) != want || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %q %v %v", name, content, err, errInfo)
			}
		}
		if all, _ := filepath.Glob(filepath.Join(dir, "*.*")); len(all) != 2 {
			t.Errorf("in the directory: %v", all)
		}
	}
	if got := call(t, "flow", "case-1", "--server", base, "-o", there); got.code != 2 {
		t.Errorf("a drawing for the screen in a directory: %d %s", got.code, got.err)
	}
	if left, _ := filepath.Glob(there + ".part"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if got := call(t, "flow", "case-1", "--server", base, "--paper", "a4", "-o", fresh); got.code != 1 || !strings.Contains(got.err, "this city does not draw for paper") {
		t.Errorf("an answer that is no drawing: %d %s", got.code, got.err)
	}
	if got := call(t, "flow", "printed", "--server", base, "--paper", "a4", "-o", filepath.Join(there, "fund-flow-a4-1-of-2.svg")+"/"); got.code != 2 {
		t.Errorf("a directory that is a file: %d %s", got.code, got.err)
	}
}
