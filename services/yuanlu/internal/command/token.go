package command

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service"
)

// longestToken bounds what a slip of the keyboard can hand out.
const longestToken = 31 * 24 * time.Hour

type tokenFlags struct {
	data, user, unit, level, role, bank string
	ttl                                 time.Duration
}

func tokenCommand() *cobra.Command {
	var flags tokenFlags
	cmd := &cobra.Command{
		Use:   "token",
		Short: "签发访问令牌 Issue a bearer token with the city's own key",
		Long: `Issue a bearer token with the city's own key, until single sign-on exists. It reads
the same configuration as 'yuanlu run', and so can be used only by who may read
the city's master key. The token is the only line on standard output.

Roles: duty-officer 值班民警, shift-leader 值班长, chief 负责人, investigator 侦查员,
bank-desk 银行专席, auditor 审计, operator 系统管理员.`,
		Example: `  yuanlu token --user 001234 --unit 440982000000 --level county --role duty-officer
  yuanlu token --user icbc-desk-1 --role bank-desk --bank 102100099996 --ttl 8h
  export YUANLU_TOKEN=$(yuanlu token --user audit-1 --role auditor)`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return issue(cmd, flags) },
	}
	cmd.Flags().StringVar(&flags.data, "data", "data", "directory of all data (YUANLU_DATA)")
	cmd.Flags().StringVar(&flags.user, "user", "", "police number or desk id; never a name")
	cmd.Flags().StringVar(&flags.unit, "unit", "", "12-digit code of the police unit")
	cmd.Flags().StringVar(&flags.level, "level", "", "level of the unit: station | county | city | province")
	cmd.Flags().StringVar(&flags.role, "role", "", "what the person does")
	cmd.Flags().StringVar(&flags.bank, "bank", "", "12-digit code of the bank, for a bank desk")
	cmd.Flags().DurationVar(&flags.ttl, "ttl", 12*time.Hour, "how long the token is good for, 31 days at most")
	return cmd
}

func issue(cmd *cobra.Command, flags tokenFlags) error {
	if flags.ttl <= 0 {
		return fmt.Errorf("%w: --ttl 须大于零 is more than nothing", errUsage)
	}
	if flags.ttl > longestToken {
		return fmt.Errorf("%w: --ttl 须在 31 天以内 is at most 31 days (744h)", errUsage)
	}
	if flags.user == "" || flags.role == "" {
		return fmt.Errorf("%w: 须给出 --user 和 --role are needed", errUsage)
	}
	config, err := service.ReadConfig()
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if cmd.Flags().Changed("data") {
		config.Data = flags.data
	}
	// A key is never made here: it would be another city's.
	path := config.MasterKey
	if path == "" {
		path = filepath.Join(config.Data, "master.key")
	}
	master, err := privacy.LoadMaster(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: 主密钥 the city's master key, %s", errNotFound, path)
	}
	if err != nil {
		return err
	}
	token, err := access.NewIssuer(master.TokenKey(), time.Now).Issue(access.Person{
		User: flags.user, Unit: flags.unit, Level: access.Level(flags.level), Role: access.Role(flags.role), Bank: identity.BankCode(flags.bank),
	}, flags.ttl)
	if errors.Is(err, access.ErrPerson) {
		return fmt.Errorf("%w: 人员信息不完整或互相矛盾 a police role needs --unit and --level, a bank desk needs --bank and neither", errUsage)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
	return err
}
