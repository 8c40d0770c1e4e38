// Command yuanlu is the product's command (原路).
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/yuanlu/yuanlu/libs/telemetry"
	"github.com/yuanlu/yuanlu/services/yuanlu/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Whoever presses Ctrl-C a second time does not want to wait.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx))
}

func run(ctx context.Context) int {
	quiet, err := telemetry.SetUp(ctx, "yuanlu")
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "yuanlu:", err) // standard error is all there is to tell it on
		return 1
	}
	defer func() { _ = quiet(context.WithoutCancel(ctx)) }() // what cannot be sent is lost with the process
	return command.Execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
