package command

import (
	"strings"

	"github.com/spf13/cobra"
)

// headings are what the library writes above the parts of a help text, and what
// stands there instead: Chinese first, English second.
var headings = strings.NewReplacer(
	"Usage:", "用法 Usage:", "Aliases:", "别名 Aliases:", "Examples:", "示例 Examples:",
	"Available Commands:", "命令 Available Commands:", "Additional Commands:", "其他命令 Additional Commands:",
	"Global Flags:", "通用参数 Global Flags:", "Flags:", "参数 Flags:", "Additional help topics:", "其他主题 Additional help topics:",
	`Use "{{.CommandPath}} [command] --help" for more information about a command.`,
	`“{{.CommandPath}} [command] --help” 显示某个命令的用法 tells more about a command.`,
)

// inTwoLanguages puts what the library adds to a command into the two languages of
// everything else: the headings of help texts, the flag --help and the commands
// help and completion.
func inTwoLanguages(root *cobra.Command) {
	root.SetUsageTemplate(headings.Replace(root.UsageTemplate()))
	root.PersistentFlags().BoolP("help", "h", false, "显示本用法 show this help")
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Short = "显示某个命令的用法 Help about any command"
		case "completion":
			cmd.Short = "生成命令补全脚本 Generate the completion script of a shell"
		}
	}
}
