package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/service"
)

func eventstoreCommand() *cobra.Command {
	var addr, data string
	cmd := &cobra.Command{
		Use:   "eventstore",
		Short: "单独启动事件库 Run the event store alone",
		Long: `Run the embedded event store alone, for services that run as processes of their
own. It speaks the EventStoreDB gRPC protocol to the official client, answers an
append only after it is on disk, is a single node without TLS or users, and
listens on a loopback address only. The store is in DIR/eventstore, where
'yuanlu run' keeps it too.`,
		Example: `  yuanlu eventstore --data data
  YUANLU_EVENTSTORE='esdb://127.0.0.1:2113?tls=false' intake`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			config, err := service.ReadConfig()
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			if cmd.Flags().Changed("data") {
				config.Data = data
			}
			logger, err := config.Logger()
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			node, stop, err := openNode(config.Data, addr, logger)
			if err != nil {
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
		},
	}
	cmd.Flags().StringVar(&addr, "addr", eventnode.DefaultAddr, "host:port, loopback only")
	cmd.Flags().StringVar(&data, "data", "data", "directory of all data (YUANLU_DATA)")
	return cmd
}
