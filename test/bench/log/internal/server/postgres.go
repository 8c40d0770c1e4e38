package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	postgresFirst    = "/usr/lib/postgresql/15/bin"
	postgresPatience = 30 * time.Second
	postgresPause    = 50 * time.Millisecond
)

// startPostgres makes a new PostgreSQL in dir and starts it with the settings of
// its makers, reachable by a Unix socket only. PostgreSQL refuses to be run by
// root; then it is run as one of its lesser users.
func startPostgres(ctx context.Context, dir string) (running, error) {
	programs, err := postgresPrograms(ctx)
	if err != nil {
		return running{}, err
	}
	as, err := postgresUser()
	if err != nil {
		return running{}, err
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a directory needs its x
		return running{}, err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return running{}, err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(programs, "initdb"), //nolint:gosec // of the machine's PostgreSQL
		"--pgdata", data, "--username", "bench", "--auth", "trust", "--encoding", "UTF8", "--locale", "C")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if text, err := initdb.CombinedOutput(); err != nil {
		return running{}, fmt.Errorf("initdb: %w: %s", err, text)
	}
	// Not bound to the context: stop ends it, in order.
	server := exec.Command(filepath.Join(programs, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=") //nolint:gosec,noctx // see above
	server.Dir, server.Stderr = dir, os.Stderr
	server.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true, Pdeathsig: syscall.SIGINT}
	if err := server.Start(); err != nil {
		return running{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	stop := func() error { return stopPostgres(server.Process, ended) }
	ready := Ready{Endpoint: "host=" + dir + " user=bench dbname=postgres"}
	if ready.Version, err = awaitPostgres(ctx, ready.Endpoint); err != nil {
		return running{}, errors.Join(err, stop())
	}
	return running{ready: ready, stop: stop}, nil
}

// stopPostgres asks for a fast shutdown, then for an immediate one.
func stopPostgres(server *os.Process, ended <-chan error) error {
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		if err := server.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		timer := time.NewTimer(postgresPatience / 3)
		select {
		case err := <-ended:
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
	return errors.New("PostgreSQL does not stop")
}

// awaitPostgres connects as soon as that is possible, and asks for the version
// and for the settings that matter.
func awaitPostgres(ctx context.Context, endpoint string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, postgresPatience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, endpoint)
		if err != nil {
			select {
			case <-ctx.Done():
				return "", err
			case <-time.After(postgresPause):
				continue
			}
		}
		var version, commit, fsync, method string
		err = conn.QueryRow(ctx, `select current_setting('server_version'), current_setting('synchronous_commit'),
			current_setting('fsync'), current_setting('wal_sync_method')`).Scan(&version, &commit, &fsync, &method)
		if err = errors.Join(err, conn.Close(ctx)); err != nil {
			return "", err
		}
		if commit != "on" || fsync != "on" {
			return "", fmt.Errorf("PostgreSQL runs with synchronous_commit=%s and fsync=%s", commit, fsync)
		}
		return fmt.Sprintf("%s, synchronous_commit=on, fsync=on, wal_sync_method=%s", version, method), nil
	}
}

// postgresPrograms is the directory of initdb and postgres.
func postgresPrograms(ctx context.Context) (string, error) {
	// The places of Debian's packages: version 15, else the newest that is there.
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.Reverse(found)
	if at := slices.Index(found, postgresFirst); at > 0 {
		found[0], found[at] = found[at], found[0]
	}
	if text, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		found = append(found, strings.TrimSpace(string(text)))
	}
	for _, dir := range found {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%w: apt-get install postgresql-15", errAbsent)
}

// postgresUser is whom to run PostgreSQL as; nil means ourselves.
func postgresUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // ourselves, and nothing wrong
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("%w: PostgreSQL needs a user that is not root", errAbsent)
}
