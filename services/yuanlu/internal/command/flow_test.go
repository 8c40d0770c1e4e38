package command_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

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
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Header.Get("Authorization"), r.PathValue("what"), r.URL.RawQuery)
	})
	return mux
}

func TestAFlowIsWrittenAsItIsAskedFor(t *testing.T) {
	t.Setenv("YUANLU_TOKEN", "")
	base := serve(t, drawing())
	file := filepath.Join(t.TempDir(), "flow.xlsx")
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
	content, err := os.ReadFile(file)
	info, errInfo := os.Stat(file)
	if err != nil || errInfo != nil || string(content) != "Bearer t flow.xlsx purpose=file&unmasked=true" || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %q %v %v", content, err, errInfo)
	}
	if left, _ := filepath.Glob(file + ".*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
