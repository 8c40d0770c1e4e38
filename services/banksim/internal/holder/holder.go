// Package holder draws people, firms and account numbers that look like real
// ones: ID numbers and social credit codes with their check digit, card numbers
// that satisfy Luhn's formula. None belongs to anyone but by chance.
package holder

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Person (当事人) is someone who holds accounts. Kind is person or organisation;
// IDKind the platform's code, 01 for an ID card and 14 for a social credit code.
type Person struct {
	Kind, IDKind, IDNumber, Name, Phone, Address string
}

const (
	// surnames by how common they are, the commonest first.
	surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程苏魏吕丁任卢姚沈钟姜崔谭陆汪范廖"
	given    = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍鹏飞浩宇晨欣怡佳豪志远建国文博海燕春梅晓东雪莲思源子涵嘉琪俊杰永康德林振宏锦秋"
	towns    = "河东 河西 石湾 城东 城南 新安 官桥 那务 平定 同庆 杨梅 良光 笪桥 长岐 丽岗 合江"
	streets  = "人民路 解放路 北京路 橘洲路 鉴江路 民主路 中山路 上街路 下郭路 教育路"
	trades   = "贸易 商贸 电子商务 建材 农产品 信息科技 服装 物流"
)

// divisions are those that ID numbers are drawn from.
func divisions() []string {
	return []string{"440981", "440982", "440983", "441802", "441881", "440281", "321002", "321081", "440902"}
}

// Source draws for one key. The same seed, salt and key give the same draws,
// whatever else is drawn.
func Source(seed uint64, salt, key string) *rand.Rand {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x1f%s\x1f%s", seed, salt, key))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16]))) //nolint:gosec // a play, no secret
}

// Draw fills what is empty in p. Names come from the seed alone; numbers from
// the seed and the salt, so that a scenario played again brings new people.
func Draw(p Person, seed uint64, salt, key, division string) Person {
	names, numbers := Source(seed, "", "name of "+key), Source(seed, salt, "numbers of "+key)
	if p.Kind == "" {
		p.Kind = "person"
	}
	if division == "" {
		division = pick(numbers, divisions())
	}
	if p.Kind == "organisation" {
		return organisation(p, names, numbers, division)
	}
	if n := len([]rune(p.Name)); n == 0 {
		p.Name = runeOf(names, surnames) + givenName(names)
	} else if strings.HasSuffix(p.Name, "某") { // only the family name is known
		p.Name = strings.TrimRight(p.Name, "某") + givenName(names)
	}
	if p.IDKind == "" {
		p.IDKind = "01"
	}
	if p.IDNumber == "" && p.IDKind == "01" {
		p.IDNumber = idCard(numbers, division)
	}
	return reachable(p, numbers)
}

func organisation(p Person, names, numbers *rand.Rand, division string) Person {
	if p.Name == "" {
		p.Name = runeOf(names, surnames) + givenName(names) + pick(names, strings.Fields(trades)) + "有限公司"
	}
	if p.IDKind == "" {
		p.IDKind = "14"
	}
	if p.IDNumber == "" && p.IDKind == "14" {
		p.IDNumber = uscc(numbers, division)
	}
	return reachable(p, numbers)
}

func reachable(p Person, r *rand.Rand) Person {
	if p.Phone == "" {
		p.Phone = "1" + pick(r, []string{"35", "36", "37", "38", "39", "50", "59", "76", "82", "87", "88", "98"}) + digits(r, 8)
	}
	if p.Address == "" {
		p.Address = "广东省茂名市" + pick(r, strings.Fields(towns)) + "镇" + pick(r, strings.Fields(streets)) + fmt.Sprintf("%d号", 1+r.IntN(300))
	}
	return p
}

func givenName(r *rand.Rand) string {
	name := runeOf(r, given)
	if r.IntN(4) > 0 {
		name += runeOf(r, given)
	}
	return name
}

// idCard draws a number by GB 11643: division, birth date, serial, check digit.
func idCard(r *rand.Rand, division string) string {
	born := time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(365*50))
	body := division + born.Format("20060102") + digits(r, 3)
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += w * int(body[i]-'0')
	}
	return body + string("10X98765432"[sum%11])
}

// uscc draws a social credit code by GB 32100: a firm (91) of a division.
func uscc(r *rand.Rand, division string) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	body, sum, weight := "91"+division+digits(r, 9), 0, 1
	for i := range 17 {
		sum += strings.IndexByte(alphabet, body[i]) * weight
		weight = weight * 3 % 31
	}
	return body + string(alphabet[(31-sum%31)%31])
}

// AccountNumber (账号) draws a card number of 19 digits: 62, four digits of the
// bank, twelve drawn ones and Luhn's.
func AccountNumber(seed uint64, salt, key, bank string) string {
	body := "62" + bank[:min(4, len(bank))] + digits(Source(seed, salt, "account of "+key), 12)
	sum := 0
	for i := range len(body) {
		d := int(body[len(body)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return body + string(rune('0'+(10-sum%10)%10))
}

func digits(r *rand.Rand, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte('0' + r.IntN(10))
	}
	return string(out)
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func runeOf(r *rand.Rand, from string) string {
	runes := []rune(from)
	return string(runes[r.IntN(len(runes))])
}
