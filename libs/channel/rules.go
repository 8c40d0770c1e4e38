package channel

import "github.com/yuanlu/yuanlu/libs/rule"

// Rules that a message of the machine channel can break. None of them tells
// anything of what was sent.
var (
	ErrUnsigned   = rule.New("channel-signature-missing", "报文未签名", "the message is not signed", "RFC 9421").As(rule.Forbidden)
	ErrMalformed  = rule.New("channel-signature-malformed", "签名信息无法识别", "what is said about the signature cannot be read", "RFC 9421").As(rule.Forbidden)
	ErrIncomplete = rule.New("channel-signature-incomplete", "签名未覆盖必需的内容", "the signature does not cover what it has to", "RFC 9421").As(rule.Forbidden)
	ErrKeyUnknown = rule.New("channel-key-unknown", "未登记的签名密钥", "no key is registered under this key id", "").As(rule.Forbidden)
	ErrOutOfTime  = rule.New("channel-message-out-of-time", "报文时间与本方时钟相差超过五分钟（查询类请求为三十秒）", "the message was made more than five minutes away from the receiver's clock, or one that asks for something more than thirty seconds", "").As(rule.Forbidden)
	ErrSignature  = rule.New("channel-signature-wrong", "签名验证失败", "the signature is not that of the named key over this message", "RFC 9421").As(rule.Forbidden)
	ErrTooLarge   = rule.New("channel-body-too-large", "报文不得超过 4 MiB", "the body has more than 4 MiB", "").As(rule.Invalid)
	ErrBody       = rule.New("channel-body-unreadable", "报文正文未能完整读取", "the body could not be read to its end", "").As(rule.Invalid)
	ErrDigest     = rule.New("channel-digest-wrong", "报文正文与摘要不符", "the body is not the one that was signed", "RFC 9530").As(rule.Forbidden)
	ErrReplayed   = rule.New("channel-message-replayed", "报文重复，已拒收", "this very message has been received already", "").As(rule.Forbidden)
	ErrTooMany    = rule.New("channel-messages-too-many", "该密钥在时间窗内的报文过多，请稍后重试", "too many messages with this key within the window; try again later", "")
	ErrOtherHost  = rule.New("channel-host-of-another", "报文的接收方（@authority）不是本系统登记的主机名", "the message was signed for another host (@authority) than those of the receiver", "RFC 9421").As(rule.Forbidden)
	ErrOtherKey   = rule.New("channel-key-of-another", "签名密钥属于其他机构", "the key belongs to someone else than the one that was asked", "").As(rule.Forbidden)
)

// Rules lists them for the page at /rules.
func Rules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		ErrUnsigned, ErrMalformed, ErrIncomplete, ErrKeyUnknown, ErrOutOfTime, ErrSignature, ErrTooLarge, ErrBody, ErrDigest, ErrReplayed, ErrTooMany, ErrOtherHost, ErrOtherKey,
	} {
		rules = append(rules, v.Rule)
	}
	return rules
}
