package identity

import (
	"slices"
	"strings"
)

// MaskName (姓名脱敏) shows the family name alone: 张**, 欧阳*.
func MaskName(name string) string {
	runes := []rune(strings.TrimSpace(name))
	shown := 1
	if len(runes) > 2 && slices.Contains(strings.Fields(compoundSurnames), string(runes[:2])) {
		shown = 2
	}
	if len(runes) <= shown {
		return stars(len(runes))
	}
	return string(runes[:shown]) + stars(len(runes)-shown)
}

const compoundSurnames = "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 宇文 长孙 端木 呼延 南宫 独孤 轩辕 " +
	"万俟 闻人 赫连 澹台 公冶 宗政 濮阳 淳于 单于 太叔 申屠 仲孙 钟离 鲜于 闾丘 司空 第五 百里 东郭 西门 南门 公羊 拓跋"

// MaskPhone (电话脱敏) shows the first three and the last four digits:
// 138****5678.
func MaskPhone(number string) string { return mask(number, 3, 4) }

// MaskIDCard (证件号脱敏) shows the first three and the last four characters:
// 441***********002X.
func MaskIDCard(number string) string { return mask(number, 3, 4) }

// MaskAccount (账号脱敏) shows the first six and the last four characters:
// 622202******1234.
func MaskAccount(number string) string { return mask(number, 6, 4) }

// mask hides the middle. A text so short that fewer than four characters would
// be hidden shows less: only its tail, or nothing at all.
func mask(s string, head, tail int) string {
	runes := []rune(strings.TrimSpace(s))
	const hidden = 4
	switch n := len(runes); {
	case n >= head+tail+hidden:
	case n >= tail+hidden:
		head = 0
	default:
		return stars(n)
	}
	return string(runes[:head]) + stars(len(runes)-head-tail) + string(runes[len(runes)-tail:])
}

func stars(n int) string { return strings.Repeat("*", n) }
