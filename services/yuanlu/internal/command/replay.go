package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/identity"
)

type replayFlags struct {
	at, token string
	stream    bool
	server    *string
	output    *format
}

func replayCommand() *cobra.Command {
	var flags replayFlags
	cmd := &cobra.Command{
		Use:   "replay CASE|STREAM",
		Short: "卷宗回放 Print a case's history and verify its chain",
		Long: `Print the whole history of one case over all services in the order of the log, as
known at an instant, and verify the chain of hashes of every stream while reading.
With --stream print one stream of events instead, such as what passed between the
city and a bank outside any order; much of that belongs to no case.

An event that is not what was hashed, or does not follow its predecessor, ends the
replay with exit code 1 and the stream and revision where it was found. Events that
are not of the case, such as another's on a shared account, count by their declared
hashes only. Personal data stays sealed.

Without --token or YUANLU_TOKEN, a demonstration is asked for a token.`,
		Example: `  yuanlu replay 5b0c1c9e-…
  yuanlu replay 5b0c1c9e-… --at '2021-07-17 16:05'          # Asia/Shanghai
  yuanlu replay 5b0c1c9e-… --at 2021-07-17T08:05:00Z --output json
  yuanlu replay --stream bank-102100099996`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := parseInstant(flags.at)
			if err != nil {
				return err
			}
			return replay(cmd.Context(), cmd, flags, args[0], at)
		},
	}
	cmd.Flags().StringVar(&flags.at, "at", "", "the instant: RFC 3339, or YYYY-MM-DD [HH:MM[:SS]] in Asia/Shanghai")
	cmd.Flags().BoolVar(&flags.stream, "stream", false, "事件流回放 replay the named stream instead of a case")
	cmd.Flags().StringVar(&flags.token, "token", "", "bearer token (YUANLU_TOKEN)")
	flags.server, flags.output = serverFlag(cmd), output(cmd)
	return cmd
}

// parseInstant reads an instant. A day or minute without more means its
// beginning, as it is said in China.
func parseInstant(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at, nil
	}
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, s, identity.Shanghai()); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: --at 须为 is RFC 3339 or '2021-07-17 16:05' (Asia/Shanghai)", errUsage)
}

// printer writes a history. begin is called once and first, end once and last
// of those that begin.
type printer interface {
	begin(p page) error
	event(l line) error
	end(s summary) error
}

// summary closes a replay.
type summary struct {
	Verified bool   `json:"verified"`
	Events   int    `json:"events"`
	Links    int    `json:"links"`
	Streams  int    `json:"streams"`
	Fault    string `json:"fault,omitempty"`
}

func replay(ctx context.Context, cmd *cobra.Command, flags replayFlags, id string, at time.Time) error {
	city, err := connect(ctx, *flags.server, flags.token)
	if err != nil {
		return err
	}
	var out printer = &tablePrinter{w: cmd.OutOrStdout()}
	if *flags.output == asJSON {
		out = &jsonPrinter{w: cmd.OutOrStdout()}
	}
	v := verifier{heads: map[string]head{}}
	read := newReader()
	begun := false
	path := caseHistory(id)
	if flags.stream {
		path = streamHistory(id)
	}
	for p, err := range city.history(ctx, path, at) {
		if err == nil && !begun {
			begun, err = true, out.begin(p)
		}
		if err == nil {
			err = printPage(out, read, &v, p)
		}
		if err == nil {
			continue
		}
		if !begun || !errors.Is(err, chain.ErrAltered) && !errors.Is(err, chain.ErrBroken) {
			return err
		}
		closed := out.end(summary{Events: v.events, Links: v.links, Streams: len(v.heads), Fault: err.Error()})
		return errors.Join(fmt.Errorf("链校验失败 the chain does not verify: %w", err), closed)
	}
	return out.end(summary{Verified: true, Events: v.events, Links: v.links, Streams: len(v.heads)})
}

func printPage(out printer, read reader, v *verifier, p page) error {
	for _, r := range p.Events {
		meta, err := v.verify(r)
		if err != nil {
			return err
		}
		if err := out.event(read.line(r, meta)); err != nil {
			return err
		}
	}
	return nil
}

// short is how much of an id is enough for the eye.
func short(id string) string { return cmp.Or(id[:min(8, len(id))], "-") }
