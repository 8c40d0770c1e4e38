package command

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/services/banksim"
)

func demoCommand() *cobra.Command {
	var seed int64
	cmd := &cobra.Command{
		Use:   "demo NAME|FILE",
		Short: "演示 Play a scenario against a running city",
		Long: `Play a scenario against a city that runs with --demo: its banks answer orders, its
launderers move money, its officers act, all by REST only. In the end the city is
asked for the amounts of each case. If one of them is not what the scenario says,
or they do not balance to the fen, the exit code is 1.

A scenario comes with the program, or is a YAML file that anyone can write.
Scenarios: ` + strings.Join(banksim.Scenarios(), ", ") + `.`,
		Example: `  yuanlu demo maoming-483
  yuanlu demo maoming-483 --seed 7 --output json
  yuanlu demo my-case.yaml --server http://127.0.0.1:8080`,
		Args:      usage(cobra.ExactArgs(1)),
		ValidArgs: banksim.Scenarios(),
	}
	cmd.Flags().Int64Var(&seed, "seed", 0, "other amounts and another shape than the scenario's own")
	address, as := serverFlag(cmd), output(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := parseServer(*address); err != nil {
			return err
		}
		options := banksim.DemoOptions{Server: *address, Scenario: args[0], Progress: cmd.ErrOrStderr()}
		if cmd.Flags().Changed("seed") {
			options.Seed = &seed
		}
		result, err := banksim.Demo(cmd.Context(), options)
		switch {
		case errors.Is(err, banksim.ErrNoScenario):
			return fmt.Errorf("%w: 剧本 scenario %q (%s)", errNotFound, args[0], strings.Join(banksim.Scenarios(), ", "))
		case errors.Is(err, syscall.EISDIR):
			return fmt.Errorf("%w: 剧本须为文件而非目录 a scenario is a file, not a directory: %s", errUsage, args[0])
		case errors.Is(err, banksim.ErrScenario):
			return fmt.Errorf("%w: %w", errUsage, err)
		case err != nil:
			return fmt.Errorf("演示中断 the play broke off: %w", err)
		}
		if *as == asJSON {
			err = result.JSON(cmd.OutOrStdout())
		} else {
			err = result.Table(cmd.OutOrStdout())
		}
		return errors.Join(err, result.Check())
	}
	return cmd
}
