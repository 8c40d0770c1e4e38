// Package command has the subcommands of yuanlu, one file each.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Exit codes are a contract, as the flags are.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitNotFound = 3
	exitConflict = 4
)

// What a command can end with, besides done and failed.
var (
	errUsage    = errors.New("用法错误 wrong usage")
	errNotFound = errors.New("未找到 not found")
	errConflict = errors.New("状态冲突 conflict")
)

// Execute runs one command line and returns its exit code. Data goes to stdout,
// progress and errors to stderr. When ctx ends, the command stops cleanly.
func Execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := root() //nolint:contextcheck // the node lives until it is closed, not as long as a context
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	_, _ = fmt.Fprintf(stderr, "yuanlu: %v\n", err) // standard error is all there is to tell it on
	switch {
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errNotFound):
		return exitNotFound
	case errors.Is(err, errConflict):
		return exitConflict
	}
	return exitFailed
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "yuanlu",
		Short: "原路：城市反诈中心办案系统 Case management for a city anti-fraud centre",
		Long: `原路跟踪一起电信网络诈骗案件的全过程：从接警、紧急止付、冻结，到把钱退回被害人本人账户。

数据写到标准输出，进度写到标准错误。
退出码：0 完成，1 失败，2 用法错误，3 未找到，4 状态冲突。

原路 (yuanlu) follows a fraud case from the first report over the emergency stop
and freeze to the money back on the victim's own account (原路退还).

Data goes to standard output, progress to standard error.
Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 conflict.`,
		Example: `  yuanlu run --demo            # 在本机启动整座城市，供试用 a whole city on this machine, for trying out
  yuanlu demo maoming-483      # 在另一终端：真实案例，从接警到返还 in a second terminal: the real case, from report to refund
  yuanlu replay CASE           # 该案全部事件，并校验链 every event of that case, its chain verified`,
		SilenceUsage: true, SilenceErrors: true,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr())
			return errors.Join(cmd.Help(), fmt.Errorf("%w: 缺少子命令 a subcommand is needed", errUsage))
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", errUsage, err) })
	cmd.AddCommand(runCommand(), demoCommand(), replayCommand(), flowCommand(), eventstoreCommand(), conformanceCommand(), tokenCommand(), versionCommand())
	inTwoLanguages(cmd)
	return cmd
}

// usage makes a wrong number of arguments an error of usage.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return fmt.Errorf("%w: %w (%s --help)", errUsage, err, cmd.CommandPath())
		}
		return nil
	}
}

// format is how data is written.
type format string

const (
	asTable format = "table"
	asJSON  format = "json"
)

// String, Set and Type make a format a flag.
func (f *format) String() string { return string(*f) }

// Set takes table or json.
func (f *format) Set(s string) error {
	switch format(s) {
	case asTable, asJSON:
		*f = format(s)
		return nil
	}
	return errors.New("table | json")
}

// Type names the flag's value in help texts.
func (*format) Type() string { return "table|json" }

// output adds the flag --output.
func output(cmd *cobra.Command) *format {
	f := asTable
	cmd.Flags().Var(&f, "output", "how data is written: table | json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return &f
}
