package citytest

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/service"
)

var rewrite = flag.Bool("openapi", false, "write the OpenAPI document of a service to api/openapi instead of comparing it")

// OpenAPI holds a service's document against the published one in api/openapi.
// It is a contract: whoever changes the edge sees it here.
func OpenAPI(t *testing.T, name string, made service.New) {
	t.Helper()
	c := Open(t)
	c.Run(made)
	answer := c.Get(Officer("090001", access.DutyOfficer), "/openapi/"+name+".json")
	var got bytes.Buffer
	if answer.Status != http.StatusOK || json.Indent(&got, answer.Body, "", "  ") != nil {
		t.Fatalf("the document of %s: %d", name, answer.Status)
	}
	text := append(bytes.TrimSpace(got.Bytes()), '\n')
	golden := filepath.Join("..", "..", "api", "openapi", name+".json")
	if *rewrite {
		if err := os.WriteFile(golden, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden) //nolint:gosec // a file of the repository
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("another document than the published one; go test -run OpenAPI . -openapi writes it:\n%s", diff)
	}
}
