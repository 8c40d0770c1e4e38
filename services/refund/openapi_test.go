package refund_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("openapi", false, "write the OpenAPI document to api/openapi instead of comparing it")

func TestTheOpenAPIDocumentIsTheOnePublished(t *testing.T) {
	w := newWorld(t)
	r := w.get(li, "/openapi/refund.json")
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(r.raw), "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	golden := filepath.Join("..", "..", "api", "openapi", "refund.json")
	if *rewrite {
		if err := os.WriteFile(golden, pretty.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
		t.Errorf("run with -openapi to accept (-published +now):\n%s", diff)
	}
}
