package command

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/operator"
)

// hostName is a name that a client can call and a certificate can hold.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

// isHost says that a text is a name or an IP address.
func isHost(s string) bool { return net.ParseIP(s) != nil || len(s) < 254 && hostName.MatchString(s) }

// checkAddress is nil for a host:port on which can be listened. An empty host is
// every interface.
func checkAddress(cmd *cobra.Command, flag, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.DefaultResolver.LookupPort(cmd.Context(), "tcp", port)
	}
	if err != nil || host != "" && !isHost(host) {
		return fmt.Errorf("%w: %s 须为 is host:port: %q", errUsage, flag, address)
	}
	return nil
}

// isLoopback says that only this machine can reach an address, as the node
// understands it.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// check finds what the node would refuse, before anything is made.
func (f nodeFlags) check(cmd *cobra.Command) error {
	if err := checkAddress(cmd, "--addr", f.addr); err != nil {
		return err
	}
	if err := f.checkNames(cmd); err != nil {
		return err
	}
	if err := f.checkTLS(); err != nil {
		return err
	}
	secure := f.tlsDir != "" || f.cert != ""
	switch {
	case !isLoopback(f.addr) && (!secure || f.users == ""):
		return fmt.Errorf("%w: 监听本机以外的地址须有 --tls-dir 和 --users: beyond this machine, certificate and users are both needed (--addr 127.0.0.1:2113, or --tls-dir DIR --users FILE)", errUsage)
	case !secure && f.users != "":
		return fmt.Errorf("%w: 启用用户须有证书，口令不得明文传送 users need a certificate, on a loopback address too: no password goes in the clear (--tls-dir DIR)", errUsage)
	}
	for _, path := range []string{f.users, f.cert, f.key, f.ca} {
		if err := exists(path); path != "" && err != nil {
			return err
		}
	}
	return checkUsers(f.users)
}

// checkNames looks at what clients are told to call, and at what a certificate is
// to be valid for.
func (f nodeFlags) checkNames(cmd *cobra.Command) error {
	if f.advertise != "" && !isHost(f.advertise) {
		host, port, err := net.SplitHostPort(f.advertise)
		if err != nil || port == "0" || !isHost(host) || checkAddress(cmd, "", f.advertise) != nil {
			return fmt.Errorf("%w: --advertise 须为 is host or host:port: %q", errUsage, f.advertise)
		}
	}
	for _, host := range f.hosts {
		if !isHost(host) {
			return fmt.Errorf("%w: --host 须为主机名或 IP 地址 is a name or an IP address: %q", errUsage, host)
		}
	}
	return nil
}

func (f nodeFlags) checkTLS() error {
	switch {
	case f.tlsDir != "" && (f.cert != "" || f.key != "" || f.ca != ""):
		return fmt.Errorf("%w: --tls-dir 不可与 --tls-cert、--tls-key、--tls-ca 同用 takes the place of the certificate's own files", errUsage)
	case (f.cert != "" || f.key != "" || f.ca != "") && (f.cert == "" || f.key == ""):
		return fmt.Errorf("%w: 须同时给出 --tls-cert 和 --tls-key are needed together", errUsage)
	case len(f.hosts) > 0 && f.tlsDir == "":
		return fmt.Errorf("%w: --host 须与 --tls-dir 同用 goes with --tls-dir", errUsage)
	}
	return nil
}

// exists is errNotFound for a path at which there is nothing.
func exists(path string) error {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", errNotFound, path)
	}
	return err
}

// withdraw is what takes back the certificates of a start that came to nothing:
// in a directory that was there before, nothing.
func (f nodeFlags) withdraw() func() {
	if f.tlsDir == "" || !errors.Is(exists(f.tlsDir), errNotFound) {
		return func() {}
	}
	return func() {
		for _, name := range []string{"node.crt", "node.key", "ca.crt", "ca.key"} {
			_ = os.Remove(filepath.Join(f.tlsDir, name)) // it may not have been made
		}
		_ = os.Remove(f.tlsDir) // unless somebody has put something there
	}
}

// asExit tells which exit code an error of the event store means, and what it is
// in Chinese.
func asExit(err error) error {
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case err == nil || is(errUsage) || is(errNotFound) || is(errConflict):
		return err
	case slices.ContainsFunc([]error{operator.ErrBusy, eventnode.ErrOccupied, eventnode.ErrLocked, fs.ErrExist}, is):
		return fmt.Errorf("%w: %w", errConflict, err)
	case is(operator.ErrSilent):
		return fmt.Errorf("事件库无响应 %w", err)
	case is(operator.ErrRefused):
		return fmt.Errorf("事件库拒绝 %w", err)
	case is(operator.ErrAnswer):
		return fmt.Errorf("事件库未能完成 %w", err)
	case is(eventnode.ErrHeld):
		return fmt.Errorf("部分文件仍被占用，下次再清除 %w", err)
	case is(eventnode.ErrBackup):
		return fmt.Errorf("备份无效 %w", err)
	case is(eventnode.ErrInconsistent), is(eventnode.ErrDamaged):
		return fmt.Errorf("数据损坏 %w", err)
	case is(fs.ErrNotExist):
		return fmt.Errorf("%w: %w", errNotFound, err)
	}
	return err
}

// ofStore is asExit for what goes wrong with the directory of the event store.
func ofStore(dir string, err error) error {
	if errors.Is(err, eventnode.ErrLocked) {
		return fmt.Errorf("%w: 数据目录正被另一进程使用 the data directory is in use by another process: %s", errConflict, dir)
	}
	return asExit(err)
}
