package command

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/service"
)

// nodeFlags say how the event store shows itself.
type nodeFlags struct {
	data, addr, advertise, users string
	tlsDir, cert, key, ca        string
	hosts                        []string
	scavengeEvery                time.Duration
}

func eventstoreCommand() *cobra.Command {
	var flags nodeFlags
	cmd := &cobra.Command{
		Use:   "eventstore",
		Short: "单独启动事件库 Run the event store alone",
		Long: `单独启动内嵌事件库，供各服务独立进程使用。监听本机以外的地址须有证书和用户。

Run the embedded event store alone, for services that run as processes of their
own. It speaks the EventStoreDB gRPC protocol to the official client, answers an
append only after it is on disk, and is a single node. The store is in
DIR/eventstore, where 'yuanlu run' keeps it too.

On a loopback address it needs nothing. Beyond this machine it listens only with a
certificate and users: --tls-dir makes an authority and a certificate if the
directory has none, --users is a file that 'yuanlu eventstore user add' writes.
Clients then need the authority's ca.crt, a name and a password. Renewed
certificates and changed users are noticed without a restart.`,
		Example: `  yuanlu eventstore --data data
  YUANLU_EVENTSTORE='esdb://127.0.0.1:2113?tls=false' intake

  yuanlu eventstore user add admin --group '$admins' --users users < password
  yuanlu eventstore --addr 0.0.0.0:2113 --tls-dir tls --host log.example --users users
  yuanlu run --eventstore 'esdb://admin:PASSWORD@log.example:2113?tls=true&tlsCaFile=ca.crt'`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return serveNode(cmd, flags) },
	}
	dataFlag(cmd, &flags.data)
	cmd.Flags().StringVar(&flags.addr, "addr", eventnode.DefaultAddr, "host:port; beyond loopback with certificate and users only")
	cmd.Flags().StringVar(&flags.advertise, "advertise", "", "host or host:port that clients are told to call (default: the one that they have called)")
	cmd.Flags().StringVar(&flags.users, "users", "", "file of users")
	cmd.Flags().StringVar(&flags.tlsDir, "tls-dir", "", "directory of an authority and a certificate, made if it has none")
	cmd.Flags().StringArrayVar(&flags.hosts, "host", nil, "name or IP address that a made certificate is valid for, besides this machine's (repeatable)")
	cmd.Flags().StringVar(&flags.cert, "tls-cert", "", "certificate, PEM (in place of --tls-dir)")
	cmd.Flags().StringVar(&flags.key, "tls-key", "", "its private key, PEM")
	cmd.Flags().StringVar(&flags.ca, "tls-ca", "", "the authority that signed it, PEM, to name in the connection string")
	scavengeFlag(cmd, &flags.scavengeEvery)
	cmd.AddCommand(userCommand(), certificateCommand(), backupCommand(), restoreCommand(), verifyCommand(), scavengeCommand())
	return cmd
}

// dataFlag adds the flag of the directory of all data.
func dataFlag(cmd *cobra.Command, data *string) {
	cmd.Flags().StringVar(data, "data", "data", "directory of all data (YUANLU_DATA)")
}

// serveNode lives as long as the event store.
func serveNode(cmd *cobra.Command, flags nodeFlags) (err error) {
	config, err := service.ReadConfig()
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if cmd.Flags().Changed("data") {
		config.Data = flags.data
	}
	logger, err := config.Logger()
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.scavengeEvery, err = scavengeEvery(cmd, flags.scavengeEvery); err != nil {
		return err
	}
	if err := flags.check(cmd); err != nil {
		return err
	}
	withdraw := flags.withdraw()
	certificate, err := flags.certificate()
	if err != nil {
		return err
	}
	node, stop, err := openNode(config.Data, eventnode.Config{
		Addr: flags.addr, Advertise: flags.advertise, TLS: certificate, Users: flags.users,
		ScavengeEvery: flags.scavengeEvery, Logger: logger,
	})
	if err != nil {
		withdraw()
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "事件库已启动 the event store listens on %s\n", node.Connection()) // standard error may be gone
	select {
	case <-node.Done():
		return fmt.Errorf("事件库已停止 the event store has stopped: %w", node.Err())
	case <-cmd.Context().Done():
		return nil
	}
}

// certificate is what the flags say of TLS, or nil.
func (f nodeFlags) certificate() (*eventnode.TLS, error) {
	switch {
	case f.tlsDir != "":
		made, err := eventnode.MakeCertificates(f.tlsDir, f.names()...)
		if err != nil {
			return nil, fmt.Errorf("证书 certificate: %w", err)
		}
		return &made, nil
	case f.cert != "":
		return &eventnode.TLS{CertFile: f.cert, KeyFile: f.key, CAFile: f.ca}, nil
	}
	return nil, nil
}

// names are what a made certificate is valid for: this machine, the address that
// is listened on, what is advertised and what the flags name.
func (f nodeFlags) names() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if own, err := os.Hostname(); err == nil && isHost(own) {
		names = append(names, own)
	}
	for _, address := range []string{f.addr, f.advertise} {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			host = address
		}
		if ip := net.ParseIP(host); host != "" && (ip == nil || !ip.IsUnspecified()) {
			names = append(names, host)
		}
	}
	return append(names, f.hosts...)
}

func certificateCommand() *cobra.Command {
	var flags nodeFlags
	cmd := &cobra.Command{
		Use:   "certificate",
		Short: "签发或更新证书 Make or renew the certificate of the event store",
		Long: `签发或更新事件库证书。

See to it that a directory holds an authority (ca.crt, ca.key) and a certificate of
the event store (node.crt, node.key), as 'yuanlu eventstore --tls-dir' does at its
start. The certificate is made anew when it ends within 30 days or lacks a host; an
event store that runs notices. Give clients ca.crt, and nobody ca.key.`,
		Example: `  yuanlu eventstore certificate --tls-dir tls --host log.example`,
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.tlsDir == "" {
				return fmt.Errorf("%w: 须给出 --tls-dir is needed", errUsage)
			}
			if err := flags.checkNames(cmd); err != nil {
				return err
			}
			made, err := flags.certificate()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), made.CAFile)
			return err
		},
	}
	cmd.Flags().StringVar(&flags.tlsDir, "tls-dir", "", "directory of the authority and the certificate")
	cmd.Flags().StringArrayVar(&flags.hosts, "host", nil, "name or IP address, besides this machine's (repeatable)")
	return cmd
}
