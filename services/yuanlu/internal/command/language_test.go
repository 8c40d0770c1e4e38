package command_test

import (
	"strings"
	"testing"
	"unicode"
)

func TestHelpIsInChineseFirstAndInEnglishSecond(t *testing.T) {
	han := func(r rune) bool { return unicode.Is(unicode.Han, r) }
	for _, args := range [][]string{{"--help"}, {"run", "--help"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			got := call(t, args...)
			if got.code != 0 || got.err != "" {
				t.Fatalf("%+v", got)
			}
			long, usage, found := strings.Cut(got.out, "\n用法 Usage:\n")
			if !found {
				t.Fatalf("no usage in\n%s", got.out)
			}
			chinese, english, _ := strings.Cut(long, "\n\n")
			if !han([]rune(chinese)[0]) || !strings.Contains(english, "the ") {
				t.Errorf("it begins with\n%s", long)
			}
			// Every line of the rest that says something says it in Chinese, too.
			for line := range strings.Lines(usage) {
				line = strings.TrimSpace(line)
				if line == "" || strings.HasPrefix(line, "yuanlu") && !strings.Contains(line, "#") {
					continue // a command line
				}
				if !strings.ContainsFunc(line, han) {
					t.Errorf("only in English: %s", line)
				}
			}
		})
	}
}
