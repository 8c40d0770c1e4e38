package server

import (
	"log/slog"
	"os"

	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// startNode starts the event node as it is used, on a port of its own.
func startNode(dir string) (running, error) {
	node, err := eventnode.Open(eventnode.Config{
		Dir: dir, Addr: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return running{}, err
	}
	return running{ready: Ready{Endpoint: node.Connection(), Version: eventnode.ProtocolVersion}, stop: node.Close}, nil
}
