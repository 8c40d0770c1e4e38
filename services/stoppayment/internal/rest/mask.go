package rest

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuanlu/yuanlu/libs/identity"
)

// destroyed stands where nobody can read any more what was sealed.
const destroyed = "已销毁"

// covered stands for a text of which nothing is shown.
const covered = "******"

// maskNumber shows the first six and the last four of an account number. A
// shorter one shows less.
func maskNumber(s string) string {
	const stars = covered
	runes := []rune(s) // what was stored long ago need not be ASCII
	switch n := len(runes); {
	case s == "" || s == destroyed:
		return s
	case n >= 14:
		return string(runes[:6]) + stars + string(runes[n-4:])
	case n >= 8:
		return string(runes[:2]) + stars + string(runes[n-2:])
	}
	return stars
}

// maskName shows the surname of a person, of two characters where it has two,
// and the ends of a firm's name.
func maskName(s string, kind identity.AccountKind) string {
	if s == "" || s == destroyed {
		return s
	}
	runes := []rune(s)
	if kind == identity.CorporateAccount || len(runes) > 5 {
		if len(runes) <= 6 {
			return string(runes[:1]) + "****"
		}
		return string(runes[:2]) + "****" + string(runes[len(runes)-2:])
	}
	surname := 1
	if len(runes) > 2 && slices.Contains(strings.Fields(doubleSurnames), string(runes[:2])) {
		surname = 2
	}
	return string(runes[:surname]) + strings.Repeat("*", min(2, max(1, utf8.RuneCountInString(s)-surname)))
}

// doubleSurnames are the surnames of two characters that are met (复姓).
const doubleSurnames = `欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 端木 南宫 长孙 宇文 轩辕 呼延 申屠 独孤 钟离 闻人 东郭 西门 澹台 公冶 宗政 濮阳 淳于 单于 太叔 仲孙 赫连 鲜于 百里 拓跋`
