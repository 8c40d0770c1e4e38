package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/libs/conformance"
)

// errPromise is the end of a run that found a promise not kept.
var errPromise = errors.New("未通过 the server does not keep every promise")

func conformanceCommand() *cobra.Command {
	var o conformance.Options
	cmd := &cobra.Command{
		Use:   "conformance [CONNECTION]",
		Short: "检验事件库是否守约 Check that an event store keeps its promises",
		Long: `逐项检验事件库（内嵌节点、EventStoreDB 或 KurrentDB 集群）是否遵守本系统所依赖的约定。
只写入以随机前缀命名的流和订阅组，结束后删除；不改动其他数据。

Ask an event store, an embedded node or a real cluster, whether it keeps the promises
that this system relies on. Each check works on streams and groups of its own with a
random prefix and removes them at the end: streams are soft-deleted, a few are
tombstoned, groups are deleted. Nothing else is written.

The connection is that of ` + eventstoreVar + ` if none is given. It may hold a password:
the variable does not show in the list of processes. What its user may not do is
reported as skipped.

--restart also restarts the server's persistent subscriptions, which cuts off every
consumer for a moment. --long also waits for more than a minute.`,
		Example: `  yuanlu conformance 'esdb://127.0.0.1:2113?tls=false'
  yuanlu conformance 'esdb://admin:PASSWORD@node1:2113,node2:2113?tls=true&tlsCaFile=ca.crt' --long
  yuanlu conformance --only append --only group-11 --output json`,
		Args: usage(cobra.MaximumNArgs(1)),
	}
	as := output(cmd)
	cmd.Flags().BoolVar(&o.Long, "long", false, "also the checks that take more than a minute")
	cmd.Flags().BoolVar(&o.Restart, "restart", false, "also the checks that restart the server's persistent subscriptions")
	cmd.Flags().BoolVar(&o.Keep, "keep", false, "leave streams and groups on the server")
	cmd.Flags().StringSliceVar(&o.Only, "only", nil, "only checks whose id begins so (repeatable)")
	cmd.Flags().IntVar(&o.Parallel, "parallel", 8, "checks at a time")
	cmd.Flags().DurationVar(&o.Timeout, "timeout", 30*time.Second, "time for one check")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		connection := os.Getenv(eventstoreVar)
		if len(args) == 1 {
			connection = args[0]
		}
		if connection == "" {
			return fmt.Errorf("%w: 须给出连接串 a connection string is needed (or %s)", errUsage, eventstoreVar)
		}
		if o.Parallel < 1 || o.Timeout <= 0 {
			return fmt.Errorf("%w: --parallel 和 --timeout 须大于零 must be above zero", errUsage)
		}
		return conform(cmd, connection, o, *as)
	}
	return cmd
}

// conform runs the checks and writes the report. The connection is not repeated
// anywhere: it may hold a password.
func conform(cmd *cobra.Command, connection string, o conformance.Options, as format) error {
	o.Progress = func(r conformance.Result) {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%s %s\n", pad(r.ID, 12), inWords(r.Class)) // progress only
	}
	report, err := conformance.Run(cmd.Context(), connection, o)
	switch {
	case errors.Is(err, conformance.ErrConnection), errors.Is(err, conformance.ErrSelection):
		return fmt.Errorf("%w: %w", errUsage, err)
	case errors.Is(err, conformance.ErrCredentials):
		return fmt.Errorf("用户名或口令有误 %w", err)
	case err != nil:
		return fmt.Errorf("事件库不可用 the event store: %w", err)
	}
	if as == asJSON {
		encoder := json.NewEncoder(cmd.OutOrStdout())
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(report)
	} else {
		err = printConformance(cmd.OutOrStdout(), report)
	}
	if err == nil && !report.OK() {
		err = errPromise
	}
	return err
}

// inWords is a class in both languages.
func inWords(c conformance.Class) string {
	switch c {
	case conformance.Pass:
		return "通过 pass"
	case conformance.Fail:
		return "失败 FAIL"
	case conformance.Differs:
		return "已知差异 differs as documented"
	case conformance.Skipped:
		return "跳过 skipped"
	}
	return string(c)
}

func printConformance(w io.Writer, r conformance.Report) error {
	_, err := fmt.Fprintf(w, "服务器版本 server %s · 前缀 prefix %s\n\n", r.Server, r.Prefix)
	for _, result := range r.Results {
		if err == nil {
			_, err = fmt.Fprintf(w, "%s %s %s\n", pad(result.ID, 12), pad(inWords(result.Class), 14), result.Title)
		}
		if err == nil && result.Observed != "" {
			_, err = fmt.Fprintf(w, "%s %s\n", pad("", 27), result.Observed)
		}
	}
	for _, left := range r.Left {
		if err == nil {
			_, err = fmt.Fprintf(w, "留存 left: %s\n", left)
		}
	}
	if err == nil {
		_, err = fmt.Fprintf(w, "\n通过 passed %d · 失败 failed %d · 已知差异 differs as documented %d · 跳过 skipped %d\n",
			r.Count(conformance.Pass), r.Count(conformance.Fail), r.Count(conformance.Differs), r.Count(conformance.Skipped))
	}
	return err
}
