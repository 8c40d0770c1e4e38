package stoppayment_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// schema is what of the OpenAPI document a body can be made of.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"`
	Format     string            `json:"format"`
	Enum       []any             `json:"enum"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	MinLength  int               `json:"minLength"`
	Minimum    float64           `json:"minimum"`
}

type operation struct {
	Parameters []struct {
		Name, In string
		Schema   schema
	}
	RequestBody struct {
		Content map[string]struct{ Schema schema }
	}
}

type document struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

func (c town) document(t *testing.T) (d document) {
	t.Helper()
	a := c.Get(duty, "/openapi/stoppayment.json")
	if err := json.Unmarshal(a.Body, &d); err != nil || len(d.Paths) < 40 {
		t.Fatalf("%d paths, %v", len(d.Paths), err)
	}
	return d
}

// example is a body that the schema lets through, as far as a schema tells.
func (d document) example(s schema, deep int) any {
	if s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	kind, _ := s.Type.(string)
	if all, ok := s.Type.([]any); ok {
		kind, _ = all[0].(string)
	}
	switch {
	case deep > 6:
		return nil
	case len(s.Enum) > 0:
		return s.Enum[0]
	case kind == "object":
		body := map[string]any{}
		for name, p := range s.Properties {
			body[name] = d.example(p, deep+1)
		}
		return body
	case kind == "array":
		return []any{d.example(*s.Items, deep+1)}
	case kind == "integer", kind == "number":
		return max(1, s.Minimum)
	case kind == "boolean":
		return false
	case s.Format == "date-time":
		return "2021-07-17T16:00:00+08:00"
	}
	return "1234"
}

// filled puts values in the place of a path's parameters.
func filled(path, value string) string {
	for strings.Contains(path, "{") {
		i, j := strings.Index(path, "{"), strings.Index(path, "}")
		path = path[:i] + url.PathEscape(value) + path[j+1:]
	}
	return path
}

// TestNobodyIsLetInWhoHasNoBusiness asks for everything as everybody whose role has
// no right to it.
func TestNobodyIsLetInWhoHasNoBusiness(t *testing.T) {
	c := open(t)
	d := c.document(t)
	others := map[string]access.Person{
		"an operator": {User: "op-1", Role: access.Operator}, "a service": {User: "system:intake", Role: access.System},
		"an auditor": {User: "audit-1", Role: access.Auditor}, "a bank": citytest.Desk(abc), "a duty officer": duty,
	}
	refused := map[string]int{}
	for path, ways := range d.Paths {
		for method, op := range ways {
			method, bank := strings.ToUpper(method), strings.HasPrefix(path, "/v1/bank/")
			if strings.HasPrefix(path, "/v1/machine/") {
				continue // by signature, see the door of machines
			}
			var body any
			if content, ok := op.RequestBody.Content["application/json"]; ok {
				body = d.example(content.Schema, 0)
			}
			at := filled(path, "case-1")
			r, err := http.NewRequestWithContext(t.Context(), method, c.URL()+at, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s without a token: %d", method, path, response.StatusCode)
			}
			for who, person := range others {
				may := person.Role == access.BankDesk && (bank || strings.HasSuffix(path, "/orders/{order}/objections")) ||
					person.Role == access.Auditor && method == http.MethodGet && !bank || person.Role == access.DutyOfficer && !bank
				a := c.Do(person, method, at, "", body)
				switch {
				case a.Status >= http.StatusInternalServerError:
					t.Errorf("%s %s as %s: %d %s", method, path, who, a.Status, a.Body)
				case !may && a.Status < http.StatusBadRequest:
					t.Errorf("%s %s lets %s in: %d %s", method, path, who, a.Status, a.Body)
				case !may && a.Status == http.StatusForbidden:
					refused[who]++
				case !may && a.Code() != "field-invalid" && path != "/v1/standing-approvals":
					t.Errorf("%s %s as %s: %d %s", method, path, who, a.Status, a.Code())
				}
			}
		}
	}
	if refused["an operator"] < 40 || refused["a bank"] < 40 {
		t.Errorf("refused by role: %v", refused)
	}
}

// TestOddNamesAndPlacesAreRefusedAndBreakNothing puts into paths and lists what no
// client would.
func TestOddNamesAndPlacesAreRefusedAndBreakNothing(t *testing.T) {
	c := open(t)
	d := c.document(t)
	odd := []string{
		"..", "../case-1", "a/../b", "%00", "\x00", "a\nb", "$all", "pursuit-case-1", strings.Repeat("x", 64), strings.Repeat("x", 65), "'; DROP TABLE orders", "周某雄",
		"\xff\xfe", "*", "?a=b", "#", " ",
	}
	queries := []string{
		"?cursor=" + strconv.FormatUint(math.MaxUint64, 36), "?cursor=" + strconv.FormatUint(math.MaxInt64, 36), "?cursor=-1", "?cursor=%00", "?limit=0", "?limit=201",
		"?limit=99999999999999999999", "?until=9999-12-31T23:59:59Z", "?at=0001-01-01T00:00:01Z", "?unit=%25", "?case=%00", "?bank=%27",
	}
	for path, ways := range d.Paths {
		op, ok := ways["get"]
		if !ok || strings.HasPrefix(path, "/v1/machine/") {
			continue
		}
		who := leader
		if strings.HasPrefix(path, "/v1/bank/") {
			who = citytest.Desk(abc)
		}
		if strings.Contains(path, "{") {
			for _, name := range odd {
				a, err := c.Try(who, http.MethodGet, filled(path, name), "", nil)
				if err != nil || a.Status < http.StatusMultipleChoices || a.Status >= http.StatusInternalServerError {
					t.Errorf("%s of %q: %d %s %v", path, name, a.Status, a.Body, err)
				}
			}
		}
		for _, q := range queries {
			name, _, _ := strings.Cut(q[1:], "=")
			known := false
			for _, p := range op.Parameters {
				known = known || p.Name == name && p.In == "query"
			}
			a := c.Do(who, http.MethodGet, filled(path, "case-1")+q, "", nil)
			if known && a.Status >= http.StatusInternalServerError {
				t.Errorf("%s%s: %d %s", path, q, a.Status, a.Body)
			}
		}
	}
}

// TestNothingIsAskedOrChosenForACaseThatIsNone: what a request names as its case
// would rest in clear.
func TestNothingIsAskedOrChosenForACaseThatIsNone(t *testing.T) {
	c, account, path, _ := restrained(t, whole())
	at := "/v1/accounts/" + account
	for path, body := range map[string]map[string]any{
		at + "/queries":                {"kind": "holder", "investigator": map[string]any{"policeNo": "090002", "unit": duty.Unit}},
		at + "/attributions/method":    {"method": "FIFO", "reason": "court"},
		at + "/attributions/proposals": {"basis": 1, "reason": "court", "parts": []any{map[string]any{"lots": []any{}}}},
	} {
		body["case"] = "周某雄 13800138000"
		if a := c.Do(leader, "POST", path, "", body); a.Code() != "pursuit-unknown" {
			t.Errorf("%s: %d %s", path, a.Status, a.Code())
		}
	}
	if a := c.Do(chief, "POST", path+"/court-transfer", "", map[string]any{"court": "周某雄 13800138000", "document": "1", "amountFen": 1}); a.Code() != "court-document-missing" {
		t.Errorf("a court: %d %s", a.Status, a.Code())
	}
	for _, found := range c.clear(t) {
		t.Error(found)
	}
}
