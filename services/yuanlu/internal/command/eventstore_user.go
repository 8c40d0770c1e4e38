package command

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func userCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "管理事件库用户 The users of the event store",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fmt.Errorf("%w: 缺少子命令 a subcommand is needed (%s --help)", errUsage, cmd.CommandPath())
		},
	}
	cmd.AddCommand(userAddCommand(), userRemoveCommand())
	return cmd
}

func userAddCommand() *cobra.Command {
	var (
		file, passwordFile string
		groups             []string
	)
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "新增用户或修改口令 Add a user, or change password and groups",
		Long: `新增用户或修改口令；口令从标准输入的第一行或 --password-file 读取。

Write a user into the file of users: a new one, or a known one with another password
and other groups. The password is the first line of standard input or of
--password-file, never an argument. An event store that runs notices within a
second.

Groups: $admins may do everything; $ops manages persistent subscriptions and
scavenges; $monitors reads /metrics and nothing else. Who is in none of them reads
and writes streams, but neither $-streams nor $all. Access lists in the metadata of
a stream ($acl) name users and groups.`,
		Example: `  yuanlu eventstore user add admin --group '$admins' --users users < password
  yuanlu eventstore user add prometheus --group '$monitors' --users users --password-file password`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return fmt.Errorf("%w: 须给出 --users is needed", errUsage)
			}
			if err := exists(filepath.Dir(file)); err != nil {
				return err
			}
			password, err := readPassword(cmd.InOrStdin(), passwordFile)
			if err != nil {
				return err
			}
			return usersError(file, eventnode.SetUser(file, args[0], password, groups...))
		},
	}
	cmd.Flags().StringVar(&file, "users", "", "file of users, made if there is none")
	cmd.Flags().StringVar(&passwordFile, "password-file", "", "file whose first line is the password (default: standard input)")
	cmd.Flags().StringArrayVar(&groups, "group", nil, "group of the user (repeatable)")
	return cmd
}

// usersError tells a name or a password that cannot be from a file that cannot be
// read.
func usersError(file string, err error) error {
	if err == nil {
		return nil
	}
	if fault := checkUsers(file); fault != nil {
		return fault
	}
	if errors.Is(err, eventnode.ErrUsers) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return fmt.Errorf("用户文件 file of users %s: %w", file, err)
}

// checkUsers is nil for a file of users that can be read, is empty or is not there.
func checkUsers(file string) error {
	if file == "" {
		return nil
	}
	// Nobody has an empty name: of a file that can be read, it says no more than that.
	if err := eventnode.RemoveUser(file, ""); !errors.Is(err, eventnode.ErrNoUser) {
		return fmt.Errorf("用户文件 file of users %s: %w", file, err)
	}
	return nil
}

// readPassword reads the first line.
func readPassword(stdin io.Reader, path string) (string, error) {
	in := stdin
	if path != "" {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%w: %s", errNotFound, path)
		}
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }() // it is only read
		in = f
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fmt.Errorf("%w: 口令为空 the password is empty", errUsage)
	}
	return line, nil
}

func userRemoveCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "删除用户 Remove a user",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			if file == "" {
				return fmt.Errorf("%w: 须给出 --users is needed", errUsage)
			}
			if err := exists(file); err != nil {
				return err
			}
			err := eventnode.RemoveUser(file, args[0])
			if errors.Is(err, eventnode.ErrNoUser) {
				return fmt.Errorf("%w: %s", errNotFound, args[0])
			}
			return usersError(file, err)
		},
	}
	cmd.Flags().StringVar(&file, "users", "", "file of users")
	return cmd
}
