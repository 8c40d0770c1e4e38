package warning_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("openapi", false, "write the OpenAPI document to api/openapi instead of comparing it")

// The document is a contract: whoever changes the edge sees it here.
func TestTheOpenAPIDocumentIsThePublishedOne(t *testing.T) {
	const golden = "../../api/openapi/warning.json"
	c := newCity(t)
	var got bytes.Buffer
	a := c.must(t, http.StatusOK, request{method: http.MethodGet, path: "/openapi/warning.json"}, nil)
	if err := json.Indent(&got, []byte(a.body), "", "  "); err != nil {
		t.Fatal(err)
	}
	text := append(bytes.TrimSpace(got.Bytes()), '\n')
	if *rewrite {
		if err := os.WriteFile(golden, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("another document than the published one; go test -run OpenAPI . -openapi writes it:\n%s", diff)
	}
}
