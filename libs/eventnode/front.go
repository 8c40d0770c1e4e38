package eventnode

import (
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"time"
)

// front is how the node shows itself and whom it lets in.
type front struct {
	users     *directory       // nil: everyone
	tls       *tls.Config      // nil: cleartext
	ends      func() time.Time // of the certificate; zero: not known
	advertise string
	query     string // of the connection string
	refusing  chan struct{}
}

func openFront(cfg Config) (front, error) {
	f := front{
		advertise: cfg.Advertise, query: cfg.TLS.query(), ends: func() time.Time { return time.Time{} },
		refusing: make(chan struct{}, maxRefusing),
	}
	var err error
	if cfg.TLS != nil {
		if f.tls, f.ends, err = cfg.TLS.server(cfg.Logger); err != nil {
			return front{}, err
		}
	}
	if cfg.Users != "" {
		if f.users, err = openDirectory(cfg.Users, cfg.Logger); err != nil {
			return front{}, err
		}
	}
	if cfg.Advertise != "" {
		if _, _, err = advertised(cfg.Advertise, "", &net.TCPAddr{}); err != nil {
			return front{}, fmt.Errorf("address to advertise: %w", err)
		}
	}
	return f, nil
}

// connection is the connection string of a node that listens there.
func (f *front) connection(listens net.Addr) string {
	address := listens.String()
	if host, port, err := advertised(f.advertise, "", listens); err == nil {
		address = net.JoinHostPort(host, strconv.Itoa(int(port)))
	}
	return "esdb://" + address + "?" + f.query
}
