package eventnode_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/operator"
)

func TestAnOperatorTakesABackupOverTheWire(t *testing.T) {
	for rule, secure := range map[string]bool{"in the clear, on this machine": false, "with certificate and users": true} {
		t.Run(rule, func(t *testing.T) {
			n, connection := start, ""
			var node *eventnode.Node
			if secure {
				node, _ = secured(t)
				connection = strings.Replace(node.Connection(), "esdb://", "esdb://admin:pass-admin@", 1)
			} else {
				node = n(t, eventnode.Config{})
				connection = node.Connection()
			}
			appendTo(t, as(t, node, "admin", "pass-admin"), "case-1", esdb.Any{}, note("x"))
			desk, err := operator.Connect(connection)
			if err != nil {
				t.Fatal(err)
			}
			var archive bytes.Buffer
			manifest, err := desk.Backup(ctx(t), &archive)
			if err != nil {
				t.Fatal(err)
			}
			if _, report := restore(t, archive.Bytes()); report.Last != manifest.Last || report.Events != 1 {
				t.Errorf("restored: %+v of %+v", report, manifest)
			}
			if _, err := desk.Scavenge(ctx(t)); err != nil {
				t.Errorf("scavenge: %v", err)
			}
		})
	}
}

func TestAnOperatorIsToldWhyNot(t *testing.T) {
	n, _ := secured(t)
	for rule, c := range map[string]struct {
		connection string
		want       error
	}{
		"a wrong password": {strings.Replace(n.Connection(), "esdb://", "esdb://admin:wrong@", 1), operator.ErrRefused},
		"no administrator": {strings.Replace(n.Connection(), "esdb://", "esdb://clerk:pass-clerk@", 1), operator.ErrRefused},
		"no connection":    {"http://" + n.Addr(), operator.ErrNoConnection},
		"several nodes":    {"esdb://a:1,b:2?tls=false", operator.ErrNoConnection},
	} {
		t.Run(rule, func(t *testing.T) {
			desk, err := operator.Connect(c.connection)
			if err == nil {
				_, err = desk.Backup(ctx(t), io.Discard)
			}
			if !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
		})
	}
}
