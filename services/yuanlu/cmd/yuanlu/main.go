// Command yuanlu is the product's command (原路).
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/yuanlu/yuanlu/services/yuanlu/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Whoever presses Ctrl-C a second time does not want to wait.
	context.AfterFunc(ctx, stop)
	os.Exit(command.Execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
