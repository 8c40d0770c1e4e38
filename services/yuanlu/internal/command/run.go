package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/operator"
	"github.com/yuanlu/yuanlu/libs/service"
)

// eventstoreVar names the event store where the flag does not.
const eventstoreVar = "YUANLU_EVENTSTORE"

// scavengeVar says how often an embedded event store scavenges, where the flag
// does not.
const scavengeVar = "YUANLU_SCAVENGE_EVERY"

// scavengeDaily is how often it does if nobody says anything: what was deleted in
// the morning is in no file the next day.
const scavengeDaily = 24 * time.Hour

type runFlags struct {
	data, addr, node, eventstore string
	demo                         bool
	scavenge                     time.Duration
}

func runCommand() *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "启动整座城市 Run a whole city in one process",
		Long: `在一个进程、一个地址上运行接警、预警、止付冻结、返还、卷宗五项服务，并自带事件库：
内嵌单节点，数据落盘，仅限本机。给出 --eventstore（或 ` + eventstoreVar + `）时，
改用该 EventStoreDB 或 KurrentDB，不再启动内嵌节点。

全部数据在一个目录中，重启后仍在。Ctrl-C 或 SIGTERM 正常停止。
其余设置用环境变量（YUANLU_…）；同时给出时，以参数为准。

--demo 仅供试用和测试：时钟可以拨动，任何人都能取得令牌。

Run intake, warning, stoppayment, refund and casebook in one process, on one
address, over an event store of its own: an embedded single node, durable, on this
machine only. With --eventstore (or ` + eventstoreVar + `) the city uses that EventStoreDB
or KurrentDB instead and starts no node.

All data is in one directory and survives a restart. Ctrl-C or SIGTERM stops the
city cleanly. Everything else is set by environment (YUANLU_…); a flag goes
before its variable.

--demo is for trying out and for tests only: the clock can be moved, and anyone who
asks gets a token.`,
		Example: `  yuanlu run --demo
  yuanlu run --data /var/lib/yuanlu --addr 127.0.0.1:8080
  yuanlu run --eventstore 'esdb://node1:2113,node2:2113,node3:2113?tls=true'`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd, flags) },
	}
	cmd.Flags().StringVar(&flags.data, "data", "data", "全部数据所在目录 directory of all data (YUANLU_DATA)")
	cmd.Flags().StringVar(&flags.addr, "addr", "127.0.0.1:8080", "服务地址 host:port to answer on (YUANLU_ADDR)")
	cmd.Flags().StringVar(&flags.node, "node-addr", eventnode.DefaultAddr, "内嵌事件库地址，仅限本机 host:port of the embedded event store, loopback only")
	cmd.Flags().StringVar(&flags.eventstore, "eventstore", "", "改用的事件库连接串 connection string of an event store to use instead ("+eventstoreVar+")")
	scavengeFlag(cmd, &flags.scavenge)
	cmd.Flags().BoolVar(&flags.demo, "demo", false, "演示：虚拟时钟，任何人可取令牌 demonstration: virtual clock, tokens for anyone (YUANLU_DEMO)")
	return cmd
}

// scavengeFlag adds the flag of the interval between two scavenges.
func scavengeFlag(cmd *cobra.Command, every *time.Duration) {
	cmd.Flags().DurationVar(every, "scavenge-every", scavengeDaily,
		"内嵌事件库多久从文件中清除已删除和过期的事件，0 为从不 how often the embedded event store removes deleted and expired events from its files, 0 for never ("+scavengeVar+")")
}

// scavengeEvery is the flag, or else the environment, or else once a day.
func scavengeEvery(cmd *cobra.Command, every time.Duration) (time.Duration, error) {
	if text := os.Getenv(scavengeVar); text != "" && !cmd.Flags().Changed("scavenge-every") {
		var err error
		if every, err = time.ParseDuration(text); err != nil {
			return 0, fmt.Errorf("%w: %s: %w", errUsage, scavengeVar, err)
		}
	}
	if every < 0 {
		return 0, fmt.Errorf("%w: --scavenge-every (%s) 不得小于零 is not below zero: %s", errUsage, scavengeVar, every)
	}
	return every, nil
}

// config is the environment with the flags over it. embedded tells that the
// city brings its own event store.
func (f runFlags) config(cmd *cobra.Command) (config service.Config, embedded bool, err error) {
	if config, err = service.ReadConfig(); err != nil {
		return config, false, fmt.Errorf("%w: %w", errUsage, err)
	}
	given := cmd.Flags().Changed
	if given("data") {
		config.Data = f.data
	}
	if given("addr") {
		config.Addr = f.addr
	}
	if given("demo") {
		config.Demo = f.demo
	}
	if given("eventstore") {
		config.EventStore = f.eventstore
	}
	return config, !given("eventstore") && os.Getenv(eventstoreVar) == "", nil
}

// run lives as long as the city. The event store is opened first and closed
// last.
func run(cmd *cobra.Command, flags runFlags) (err error) {
	config, embedded, err := flags.config(cmd)
	if err != nil {
		return err
	}
	logger, err := config.Logger()
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err := checkAddress(cmd, "--addr", config.Addr); err != nil {
		return err
	}
	if !embedded {
		if err := operator.Readable(config.EventStore); err != nil {
			return fmt.Errorf("%w: 连接串无效 --eventstore (%s): %w", errUsage, eventstoreVar, err)
		}
		return runCity(cmd.Context(), config, logger, cmd.ErrOrStderr())
	}
	every, err := scavengeEvery(cmd, flags.scavenge)
	if err != nil {
		return err
	}
	if err := checkAddress(cmd, "--node-addr", flags.node); err != nil {
		return err
	}
	if !isLoopback(flags.node) {
		return fmt.Errorf("%w: --node-addr 只能是本机地址 is a loopback address: %s ('yuanlu eventstore' listens beyond this machine)", errUsage, flags.node)
	}
	node, stop, err := openNode(config.Data, eventnode.Config{Addr: flags.node, Logger: logger, ScavengeEvery: every})
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, stop()); err == nil {
			_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "已停止 stopped") // a line for people
		}
	}()
	config.EventStore = node.Connection()
	return runOver(cmd.Context(), node, config, logger, cmd.ErrOrStderr())
}

// store is an event store that can end by itself.
type store interface {
	Done() <-chan struct{}
	Err() error
}

// runOver runs the city for as long as its own event store does.
func runOver(ctx context.Context, own store, config service.Config, logger *slog.Logger, stderr io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-own.Done():
			cancel(fmt.Errorf("事件库已停止 the event store has stopped: %w", own.Err()))
		case <-ctx.Done():
		}
	}()
	return runCity(ctx, config, logger, stderr)
}

// openNode opens the embedded event store in the city's directory.
func openNode(data string, config eventnode.Config) (*eventnode.Node, func() error, error) {
	dir := filepath.Join(data, "eventstore")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, nil, fmt.Errorf("数据目录 data directory: %w", err)
	}
	config.Dir, config.Logger = dir, config.Logger.With(slog.String("service", "eventstore"))
	node, err := eventnode.Open(config)
	if errors.Is(err, eventnode.ErrUnwritable) {
		return nil, nil, fmt.Errorf("数据目录不可写 the data directory cannot be written: %w", err)
	}
	if errors.Is(err, eventnode.ErrLocked) {
		return nil, nil, ofStore(dir, err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("事件库 event store: %w", asExit(err))
	}
	return node, node.Close, nil
}

func runCity(ctx context.Context, config service.Config, logger *slog.Logger, stderr io.Writer) (err error) {
	city, err := config.City(ctx, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, city.Log.Close()) }()
	all, err := parts(ctx, city)
	if err != nil {
		return err
	}
	return service.Serve(ctx, config.Addr, city, func(addr net.Addr) { greet(stderr, city, config, addr) }, all...)
}

// banner cannot be overlooked.
const banner = `
  ****************************************************************************
  *  演示模式 DEMONSTRATION: the clock can be moved and ANYONE gets a token.  *
  *  严禁用于真实案件 Never use it for real cases.                            *
  ****************************************************************************
`

// greet tells where the city answers. Standard error may be gone; the city
// runs on.
func greet(w io.Writer, city service.City, config service.Config, addr net.Addr) {
	if city.Demo {
		_, _ = io.WriteString(w, banner+"\n")
	}
	dir, err := filepath.Abs(config.Data)
	if err != nil {
		dir = config.Data
	}
	_, _ = fmt.Fprintf(w, "%s 已启动，监听 listening on http://%s\n数据目录 data in %s\n按 Ctrl-C 停止 press Ctrl-C to stop\n", city.Policy.Name, addr, dir)
}
