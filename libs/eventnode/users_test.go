package eventnode_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func TestAFileOfUsersIsReadWholeOrRefused(t *testing.T) {
	h := hash(t, "x")
	for _, c := range []struct {
		rule, text string
		ok         bool
	}{
		{"as htpasswd writes it", "admin:" + h + "\n", true},
		{"with groups", "a:" + h + ":$admins,staff\n", true},
		{"comments and empty lines", "# users\n\n  a:" + h + ":  \n", true},
		{"no users", "# nobody\n", false},
		{"no hash", "admin\n", false},
		{"a password in the clear", "admin:changeit\n", false},
		{"another hash", "admin:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", false},
		{"no name", ":" + h + "\n", false},
		{"a name that comes twice", "a:" + h + "\na:" + h + ":$admins\n", false},
		{"a field too many", "a:" + h + ":x:y\n", false},
		{"too much", strings.Repeat("# no end of comments\n", 1<<16), false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "users")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			certificates, err := eventnode.MakeCertificates(t.TempDir(), "127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			n, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", TLS: &certificates, Users: path})
			if n != nil {
				_ = n.Close()
			}
			if c.ok != (err == nil) || !c.ok && !errors.Is(err, eventnode.ErrUsers) {
				t.Errorf("error = %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "changeit") {
				t.Error("the error tells a password")
			}
		})
	}
}

func TestWhatIsNoUserIsNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	for rule, c := range map[string]struct {
		name, password string
		groups         []string
	}{
		"no name":                      {"", "x", nil},
		"a name with a colon":          {"a:b", "x", nil},
		"a name of two lines":          {"a\nb", "x", nil},
		"a name like that of a group":  {"$admins", "x", nil},
		"a comment":                    {"#a", "x", nil},
		"no password":                  {"a", "", nil},
		"a password beyond the hash":   {"a", strings.Repeat("x", 73), nil},
		"a group that is none":         {"a", "x", []string{""}},
		"a group that would be two":    {"a", "x", []string{"b,$admins"}},
		"a group that would be a line": {"a", "x", []string{"b\nc:d"}},
	} {
		if err := eventnode.SetUser(path, c.name, c.password, c.groups...); !errors.Is(err, eventnode.ErrUsers) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file was written")
	}
	if err := eventnode.RemoveUser(path, "a"); !errors.Is(err, eventnode.ErrNoUser) {
		t.Errorf("remove from no file: %v", err)
	}
}

func TestAFileOfUsersIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	if err := eventnode.SetUser(path, "a", "secret", "staff"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), "secret") || !strings.HasSuffix(string(text), ":staff\n") {
		t.Errorf("%s %v", text, err)
	}
}

func TestWhoGuessesIsNotLookedAtForAWhile(t *testing.T) {
	n, _ := secured(t)
	good := as(t, n, "clerk", "pass-clerk")
	appendTo(t, good, "case-1", esdb.Any{}, note("x"))
	guess := func(password string) esdb.ErrorCode {
		_, err := as(t, n, "admin", password).AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{}, note("x"))
		return code(err)
	}
	for i := range 20 {
		if got := guess("guess-" + string(rune('a'+i))); got != esdb.ErrorCodeUnauthenticated {
			t.Fatalf("guess %d: code %d", i, got)
		}
	}
	if got := guess("pass-admin"); got != esdb.ErrorCodeUnknown {
		t.Errorf("the right guess after twenty wrong ones: code %d", got)
	}
	appendTo(t, good, "case-1", esdb.Any{}, note("who is known goes on"))
}

func TestALinkIsNotAWayAroundRights(t *testing.T) {
	n, _ := secured(t)
	admin := as(t, n, "admin", "pass-admin")
	appendTo(t, admin, "$secret", esdb.NoStream{}, note("secret"))
	appendTo(t, admin, "case-1", esdb.NoStream{}, note("open"))
	clerk := as(t, n, "clerk", "pass-clerk")
	for _, target := range []string{"0@$secret", "0@case-1"} {
		appendTo(t, clerk, "links", esdb.Any{}, esdb.EventData{EventType: "$>", ContentType: esdb.ContentTypeBinary, Data: []byte(target)})
	}
	for rule, c := range map[string]struct {
		client   *esdb.Client
		resolved []bool
	}{
		"a user follows links to what it may read": {clerk, []bool{false, true}},
		"an administrator follows all links":       {admin, []bool{true, true}},
	} {
		events := read(t, c.client, "links", esdb.ReadStreamOptions{ResolveLinkTos: true}, 10)
		for i, want := range c.resolved {
			if got := events[i].Event != nil; got != want {
				t.Errorf("%s: link %d resolved: %t", rule, i, got)
			}
		}
	}
}
