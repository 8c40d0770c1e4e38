package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

type flowFlags struct {
	at, token, as, file, purpose, paper string
	expand, unmasked                    bool
	server                              *string
}

// flowPurposes are what names and numbers are shown in full for.
func flowPurposes() []string { return []string{"file", "court", "bank", "review"} }

// paperA4 is the paper on which a flow is drawn for printing.
const paperA4 = "a4"

// flowFormats are the ways in which a flow is written.
func flowFormats() []string { return []string{"svg", "xlsx", "json"} }

func flowCommand() *cobra.Command {
	var flags flowFlags
	cmd := &cobra.Command{
		Use:   "flow CASE",
		Short: "资金流向图、资金流向表 Draw where the money of a case went",
		Long: `Draw where the money of one case went and where it is now, as known at an instant:
a drawing for people (svg, 资金流向图), a workbook for the case file (xlsx, 资金流向表) or
JSON for programs. The same instant gives the same bytes, however often it is asked.

Account numbers and names are masked. --unmasked with --purpose shows them in full to
those who may see them; who was shown what, and what for, is kept on record.

--paper a4 draws numbered sheets for printing, every account by itself: all in one file
that a browser prints sheet by sheet, or, where --file is a directory, a file each.

The workbook goes to a file; the others go to standard output without --file. Without
--token or YUANLU_TOKEN, a demonstration is asked for a token.`,
		Example: `  yuanlu flow 5b0c1c9e-… -o flow.svg
  yuanlu flow 5b0c1c9e-… --at '2021-07-17 16:05' -o then.svg   # Asia/Shanghai
  yuanlu flow 5b0c1c9e-… --paper a4 -o print.svg               # 打印，A4 横向 to print, or -o sheets/
  yuanlu flow 5b0c1c9e-… --format xlsx -o flow.xlsx --unmasked --purpose file`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := parseInstant(flags.at)
			if err != nil {
				return err
			}
			return drawFlow(cmd.Context(), cmd.OutOrStdout(), flags, args[0], at)
		},
	}
	cmd.Flags().StringVar(&flags.at, "at", "", "the instant: RFC 3339, or YYYY-MM-DD [HH:MM[:SS]] in Asia/Shanghai")
	cmd.Flags().StringVar(&flags.as, "format", "svg", "svg | xlsx | json")
	cmd.Flags().StringVarP(&flags.file, "file", "o", "", "write to this file; with --paper, to this directory, a file per sheet")
	cmd.Flags().StringVar(&flags.paper, "paper", "", "draw sheets for printing: a4 (across)")
	cmd.Flags().BoolVar(&flags.expand, "expand", false, "draw every account by itself, however many")
	cmd.Flags().BoolVar(&flags.unmasked, "unmasked", false, "account numbers in full, for those who may see them; takes --purpose")
	cmd.Flags().StringVar(&flags.purpose, "purpose", "", "what they are shown in full for: file | court | bank | review")
	cmd.Flags().StringVar(&flags.token, "token", "", "bearer token (YUANLU_TOKEN)")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(flowFormats(), cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	_ = cmd.RegisterFlagCompletionFunc("paper", cobra.FixedCompletions([]string{paperA4}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("purpose", cobra.FixedCompletions(flowPurposes(), cobra.ShellCompDirectiveNoFileComp))
	flags.server = serverFlag(cmd)
	return cmd
}

func drawFlow(ctx context.Context, stdout io.Writer, flags flowFlags, id string, at time.Time) error {
	switch {
	case !slices.Contains(flowFormats(), flags.as):
		return fmt.Errorf("%w: --format 须为 is %s", errUsage, strings.Join(flowFormats(), " | "))
	case flags.as == "xlsx" && flags.file == "":
		return fmt.Errorf("%w: xlsx 须写入文件 a workbook goes to a file: -o FILE", errUsage)
	case flags.paper != "" && (flags.paper != paperA4 || flags.as != "svg"):
		return fmt.Errorf("%w: --paper 须为 is %s，用于 of --format svg", errUsage, paperA4)
	case flags.unmasked != (flags.purpose != "") || flags.unmasked && !slices.Contains(flowPurposes(), flags.purpose):
		return fmt.Errorf("%w: --unmasked 须与 --purpose 同用 goes with --purpose %s", errUsage, strings.Join(flowPurposes(), " | "))
	}
	city, err := connect(ctx, *flags.server, flags.token)
	if err != nil {
		return err
	}
	path, query := flowQuery(flags, id, at)
	answer, err := city.fetch(ctx, http.MethodGet, path, query, nil)
	switch {
	case err != nil:
		return err
	case flags.file == "":
		_, err = stdout.Write(answer)
		return err
	case flags.paper != "" && directory(flags.file):
		return writeSheets(flags.file, answer)
	}
	return writeNew(flags.file, answer)
}

// flowQuery is what the city is asked.
func flowQuery(flags flowFlags, id string, at time.Time) (string, url.Values) {
	query := url.Values{}
	if !at.IsZero() {
		query.Set("at", at.UTC().Format(time.RFC3339Nano))
	}
	if flags.expand && flags.as == "svg" {
		query.Set("expand", "all")
	}
	if flags.paper != "" {
		query.Set("paper", flags.paper)
	}
	if flags.unmasked {
		query.Set("unmasked", "true")
		query.Set("purpose", flags.purpose)
	}
	path := "/v1/pursuits/" + url.PathEscape(id) + "/flow"
	if flags.as != "json" {
		path += "." + flags.as
	}
	return path, query
}

// writeNew writes a file that only its owner can read: it has particulars of a
// case. What was there before is replaced once the new one is whole.
func writeNew(name string, content []byte) error {
	part := name + ".part"
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the user names the file
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, name); err != nil {
		return fmt.Errorf("%w: %w", errUsage, errors.Join(err, os.Remove(part)))
	}
	return nil
}
