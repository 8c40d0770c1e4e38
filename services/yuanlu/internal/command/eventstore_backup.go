package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/operator"
	"github.com/yuanlu/yuanlu/libs/service"
)

func backupCommand() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "在线备份事件库 Back up an event store that runs",
		Long: `在线备份正在运行的事件库；只有管理员可以备份。

Write a backup of a running event store into a file: all that was acknowledged
before the command began. The event store works on meanwhile. The file appears
when it is whole and proven, and never takes the place of another. With users, the
connection names one of $admins.

The backup holds all events: keep it as the log itself, and the master key apart
from it.`,
		Example: `  yuanlu eventstore backup --from 'esdb://127.0.0.1:2113?tls=false' --to log-2026-11-22.tar`,
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return fmt.Errorf("%w: 须给出 --to is needed", errUsage)
			}
			desk, err := operate(from)
			if err != nil {
				return err
			}
			manifest, err := backup(cmd.Context(), desk, to)
			if err != nil {
				return asExit(err)
			}
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "已备份 backed up to %s: 最后位置 last position %d\n", to, manifest.Last) // a line for people
			return nil
		},
	}
	connectionFlag(cmd, &from, "from")
	cmd.Flags().StringVar(&to, "to", "", "file of the backup, which must not exist")
	return cmd
}

// connectionFlag adds the flag of an event store that runs.
func connectionFlag(cmd *cobra.Command, connection *string, name string) {
	usage := "connection string of the event store (" + eventstoreVar + ")"
	cmd.Flags().StringVar(connection, name, "esdb://"+eventnode.DefaultAddr+"?tls=false", usage)
	if own := os.Getenv(eventstoreVar); own != "" {
		*connection = own // not as the default: help texts show that, and it may hold a password
	}
}

func operate(connection string) (*operator.Operator, error) {
	desk, err := operator.Connect(connection)
	if err != nil {
		return nil, fmt.Errorf("%w: 连接串无效 %w", errUsage, err)
	}
	return desk, nil
}

// backup writes beside the file and gives it its name at the end.
func backup(ctx context.Context, desk *operator.Operator, to string) (manifest eventnode.Manifest, err error) {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return manifest, errors.Join(fmt.Errorf("%w: %s", fs.ErrExist, to), err)
	}
	if err := exists(filepath.Dir(to)); err != nil {
		return manifest, err
	}
	file, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".*.part")
	if err != nil {
		return manifest, err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }() // the other name stays
	manifest, err = desk.Backup(ctx, file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return manifest, err
	}
	if err := os.Link(file.Name(), to); err != nil { // a rename would replace
		return manifest, err
	}
	return manifest, syncDir(filepath.Dir(to))
}

// syncDir makes the names in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// storeDir is where the event store is in the directory of all data.
func storeDir(cmd *cobra.Command, data string) (string, error) {
	config, err := service.ReadConfig()
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUsage, err)
	}
	if cmd.Flags().Changed("data") {
		config.Data = data
	}
	return filepath.Join(config.Data, "eventstore"), nil
}

func restoreCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "从备份恢复事件库 Restore an event store from a backup",
		Long: `从备份恢复事件库到空目录，并校验全部数据。

Write the event store of a backup into DIR/eventstore, which must be empty or not
exist, and prove it as 'yuanlu eventstore verify' does. A backup that is cut off or
damaged is refused and leaves nothing.`,
		Example: `  yuanlu eventstore restore log-2026-11-22.tar --data data`,
		Args:    usage(cobra.ExactArgs(1)),
	}
	dataFlag(cmd, &data)
	out := output(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir, err := storeDir(cmd, data)
		if err != nil {
			return err
		}
		file, err := os.Open(args[0])
		if err != nil {
			return asExit(err)
		}
		defer func() { _ = file.Close() }() // it is only read
		if err := isArchive(file); err != nil {
			return asExit(err)
		}
		report, err := eventnode.Restore(cmd.Context(), file, eventnode.Config{Dir: dir})
		if err != nil {
			return asExit(err)
		}
		return printReport(cmd, *out, report)
	}
	return cmd
}

// isArchive is nil for a file that begins as a tar archive does. Of any other,
// that it is cut off would be the wrong thing to say.
func isArchive(file io.ReadSeeker) error {
	const at, magic = 257, "ustar"
	head := make([]byte, at+len(magic))
	if _, err := io.ReadFull(file, head); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if string(head[at:]) != magic {
		return fmt.Errorf("%w: it is no archive", eventnode.ErrBackup)
	}
	_, err := file.Seek(0, io.SeekStart)
	return err
}

func verifyCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "校验事件库 Prove an event store that does not run",
		Long: `离线校验事件库：每个事件、每个索引。

Read the whole store of an event store that does not run, and prove that the log and
its indexes agree and that nothing is damaged. It changes nothing. Exit code 1
means damage, 4 that an event store runs on the directory.`,
		Example: `  yuanlu eventstore verify --data data`,
		Args:    usage(cobra.NoArgs),
	}
	dataFlag(cmd, &data)
	out := output(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := storeDir(cmd, data)
		if err != nil {
			return err
		}
		report, err := eventnode.Check(cmd.Context(), eventnode.Config{Dir: dir})
		if err != nil {
			return ofStore(dir, err)
		}
		return printReport(cmd, *out, report)
	}
	return cmd
}

func printReport(cmd *cobra.Command, out format, report eventnode.Report) error {
	if out == asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]uint64{
			"events": report.Events, "streams": report.Streams, "lastPosition": report.Last,
		})
	}
	return printFacts(cmd.OutOrStdout(),
		fact{"事件 events", report.Events}, fact{"流 streams", report.Streams}, fact{"最后位置 last position", report.Last})
}

// fact is a line of a table of two columns.
type fact struct {
	name  string
	value any
}

func printFacts(w io.Writer, facts ...fact) error {
	for _, f := range facts {
		if _, err := fmt.Fprintf(w, "%s  %v\n", pad(f.name, 24), f.value); err != nil {
			return err
		}
	}
	return nil
}

// scavenged is a report of a scavenge as data.
type scavenged struct {
	Streams  uint64 `json:"streams"`      // looked at
	Touched  uint64 `json:"touched"`      // streams of which events were removed
	Skipped  uint64 `json:"skipped"`      // streams that changed meanwhile
	Events   uint64 `json:"events"`       // removed, stubs included
	Stubs    uint64 `json:"stubs"`        // events of which the place is left
	Bytes    uint64 `json:"bytes"`        // of the removed records
	Cleaned  uint64 `json:"cleanedBytes"` // of the files that were rewritten or deleted
	Duration int64  `json:"durationMilliseconds"`
}

func printScavenge(cmd *cobra.Command, out format, r eventnode.ScavengeReport) error {
	if out == asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(scavenged{
			r.Streams, r.Touched, r.Skipped, r.Events, r.Stubs, r.Bytes, r.Cleaned, r.Duration.Milliseconds(),
		})
	}
	return printFacts(cmd.OutOrStdout(), fact{"清除事件 events removed", r.Events}, fact{"涉及的流 streams touched", r.Touched},
		fact{"字节 bytes", r.Bytes}, fact{"用时 took", r.Duration.Round(time.Millisecond)})
}

func scavengeCommand() *cobra.Command {
	var server string
	cmd := &cobra.Command{
		Use:   "scavenge",
		Short: "清除已删除和过期的事件 Remove deleted and expired events for good",
		Long: `清除已删除和过期的事件，使其不再留在任何文件中。

Have a running event store remove for good what no reader can see any more: deleted,
expired and truncated events. It works on meanwhile; the command ends when it has
been done. With users, the connection names one of $admins or $ops.`,
		Example: `  yuanlu eventstore scavenge --server 'esdb://127.0.0.1:2113?tls=false'`,
		Args:    usage(cobra.NoArgs),
	}
	connectionFlag(cmd, &server, "server")
	out := output(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		desk, err := operate(server)
		if err != nil {
			return err
		}
		report, err := desk.Scavenge(cmd.Context())
		if err != nil {
			return asExit(err)
		}
		return printScavenge(cmd, *out, report)
	}
	return cmd
}
