// Package entry takes in what people and banks type: accounts, persons and
// transfers. It refuses what no platform would take, keeps softer findings as
// warnings that never stop an order, and seals personal data before anything
// else sees it.
package entry

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// Rules on what is typed in.
var (
	ErrAmountNotPositive = rule.New("amount-not-positive", "金额须大于零", "an amount must be greater than zero", "").As(rule.Invalid)
	ErrAmountAbsurd      = rule.New("amount-absurd", "金额超出合理范围（单笔上限一万亿元）", "the amount is beyond any real transfer (limit 10^12 yuan)", "").As(rule.Invalid)
	ErrTimeAhead         = rule.New("time-in-future", "时间不能晚于当前时间", "the time lies in the future", "").As(rule.Invalid)
	ErrTimeImplausible   = rule.New("time-implausible", "时间不可信（早于2000年）", "the time lies before the year 2000", "").As(rule.Invalid)
	ErrNumberMalformed   = rule.New("account-number-malformed", "账号含有控制字符", "the account number holds control characters", "").As(rule.Invalid)
	ErrTextControl       = rule.New("text-control-characters", "文字含有控制字符", "the text holds control characters", "").As(rule.Invalid)
	ErrNumberMissing     = rule.New("account-number-missing", "缺少账号", "the account number is missing", "银发〔2016〕86号").As(rule.Invalid)
	ErrNameMissing       = rule.New("name-missing", "缺少姓名（名称）", "the name is missing", "").As(rule.Invalid)
	ErrKind              = rule.New("account-kind-unknown", "账户类别应为 01（个人）或 02（对公）", "the kind of account is 01 (personal) or 02 (corporate)", "").As(rule.Invalid)
	ErrSameAccount       = rule.New("transfer-to-itself", "转出与转入账户相同", "the transfer goes to the account it comes from", "").As(rule.Invalid)
)

// Rules lists the rules of this package.
func Rules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{ErrAmountNotPositive, ErrAmountAbsurd, ErrTimeAhead, ErrTimeImplausible, ErrNumberMissing, ErrNumberMalformed, ErrNameMissing, ErrTextControl, ErrKind, ErrSameAccount, ErrBankAmount, ErrBankTime, ErrDocumentNumber, ErrIDMalformed, ErrPersonalNumber} {
		rules = append(rules, v.Rule)
	}
	return rules
}

// skew is how far a bank's or a desk's clock may run ahead of ours.
const skew = 5 * time.Minute

// Account is a bank account as it is typed in.
type Account struct {
	Bank   string `json:"bank" doc:"12-digit bank code (行号)"`
	Number string `json:"number" doc:"account or card number, sub-account as 主账号_序号" maxLength:"64"`
	Holder string `json:"holder,omitempty" doc:"户名" maxLength:"120"`
	Kind   string `json:"kind,omitempty" doc:"01 personal (default), 02 corporate" maxLength:"2"`
}

// Person is a person or firm as it is typed in.
type Person struct {
	Kind     string `json:"kind,omitempty" enum:"person,organisation" doc:"person by default"`
	IDKind   string `json:"idKind,omitempty" doc:"code of the document, 01 = 身份证 (default)" maxLength:"2"`
	IDNumber string `json:"idNumber,omitempty" maxLength:"64"`
	Name     string `json:"name" maxLength:"120"`
	Phone    string `json:"phone,omitempty" maxLength:"40"`
	Address  string `json:"address,omitempty" maxLength:"300"`
}

// Transfer is a transfer as it is typed in.
type Transfer struct {
	From      Account   `json:"from"`
	To        Account   `json:"to"`
	AmountFen money.Fen `json:"amountFen" doc:"amount in fen"`
	At        time.Time `json:"at" doc:"RFC 3339"`
	Serial    string    `json:"serial,omitempty" doc:"流水号" maxLength:"64"`
	Channel   string    `json:"channel,omitempty" enum:"counter,online,atm,qr"`
}

// Desk checks and seals.
type Desk struct {
	Keys  *privacy.Keyring
	Banks identity.Banks
}

// Account checks and seals an account. The pointer leads to it in the request.
func (d Desk) Account(ctx context.Context, in Account, pointer string) (identity.Account, []identity.Warning, error) {
	bank, err := d.Banks.Parse(in.Bank)
	if err != nil {
		return identity.Account{}, nil, at(err, pointer+"/bank")
	}
	number := identity.NormaliseAccount(in.Number)
	if number == "" {
		return identity.Account{}, nil, ErrNumberMissing.At("%s/number", pointer)
	}
	if control(number) {
		return identity.Account{}, nil, ErrNumberMalformed.At("%s/number", pointer)
	}
	if in.Holder != "" {
		if err := Name(in.Holder, pointer+"/holder"); err != nil {
			return identity.Account{}, nil, err
		}
	}
	kind := identity.AccountKind(in.Kind)
	if kind == "" {
		kind = identity.PersonalAccount
	}
	if kind != identity.PersonalAccount && kind != identity.CorporateAccount {
		return identity.Account{}, nil, ErrKind.At("%s/kind", pointer)
	}
	id := identity.AccountIDOf(bank.Code, d.Keys.Index(privacy.Account, number))
	boxes, err := d.Keys.SealAll(ctx, string(id), map[string]string{"account-number": number, "account-holder": identity.Visible(in.Holder)})
	if err != nil {
		return identity.Account{}, nil, fmt.Errorf("seal account: %w", err)
	}
	account := identity.Account{ID: id, Bank: bank.Code, Kind: kind, Number: boxes["account-number"], Holder: boxes["account-holder"]}
	return account, identity.At(identity.CheckCard(number), "%s/number", pointer), nil
}

// Person checks and seals a person. The same document names the same party in
// every case; without one the phone does, without both only the fallback.
func (d Desk) Person(ctx context.Context, in Person, now time.Time, fallback, pointer string) (identity.Party, []identity.Warning, error) {
	if err := Name(in.Name, pointer+"/name"); err != nil {
		return identity.Party{}, nil, err
	}
	party := identity.Party{Kind: in.Kind}
	if party.Kind == "" {
		party.Kind = "person"
	}
	var warnings []identity.Warning
	number := ""
	if in.IDNumber != "" {
		kind, err := identity.ParseIDKind(or(in.IDKind, "01"))
		if err != nil {
			return identity.Party{}, nil, at(err, pointer+"/idKind")
		}
		if number, err = identity.ParseID(kind, in.IDNumber); err != nil {
			return identity.Party{}, nil, at(err, pointer+"/idNumber")
		}
		party.IDKind, party.IDNumberKey = kind, d.Keys.Index(privacy.IDCard, number)
		if kind == "01" {
			warnings = identity.At(identity.CheckIDCard(number, now), "%s/idNumber", pointer)
		}
	}
	if in.Phone != "" {
		if control(identity.NormalisePhone(in.Phone)) {
			return identity.Party{}, nil, ErrTextControl.At("%s/phone", pointer)
		}
		party.PhoneKey = d.Keys.Index(privacy.Phone, identity.NormalisePhone(in.Phone))
		warnings = append(warnings, identity.At(identity.CheckPhone(in.Phone), "%s/phone", pointer)...)
	}
	party.ID = identity.PartyID(identity.Derive("party", or(party.IDNumberKey, or(party.PhoneKey, fallback))).String())
	boxes, err := d.Keys.SealAll(ctx, string(party.ID), map[string]string{
		"name": identity.Visible(in.Name), "id-number": number, "phone": identity.Plain(in.Phone), "address": in.Address,
	})
	if err != nil {
		return identity.Party{}, nil, fmt.Errorf("seal person: %w", err)
	}
	party.Name, party.IDNumber, party.Phone, party.Address = boxes["name"], boxes["id-number"], boxes["phone"], boxes["address"]
	return party, warnings, nil
}

// Transfer checks and seals a transfer; id names it.
func (d Desk) Transfer(ctx context.Context, in Transfer, id identity.TransferID, now time.Time, pointer string) (identity.Transfer, []identity.Warning, error) {
	if err := Amount(in.AmountFen, pointer+"/amountFen"); err != nil {
		return identity.Transfer{}, nil, err
	}
	if err := Time(in.At, now, pointer+"/at"); err != nil {
		return identity.Transfer{}, nil, err
	}
	serial, hidden, err := d.declared(in)
	if err != nil {
		return identity.Transfer{}, nil, at(err, pointer+"/serial")
	}
	var from, to identity.Account
	var warnings, more []identity.Warning
	var errFrom, errTo error
	var both sync.WaitGroup
	both.Go(func() { from, warnings, errFrom = d.Account(ctx, in.From, pointer+"/from") })
	both.Go(func() { to, more, errTo = d.Account(ctx, in.To, pointer+"/to") })
	both.Wait()
	if err := cmp.Or(errFrom, errTo); err != nil {
		return identity.Transfer{}, nil, err
	}
	if from.ID == to.ID {
		return identity.Transfer{}, nil, ErrSameAccount.At("%s/to", pointer)
	}
	if warnings = append(warnings, more...); hidden {
		warnings = append(warnings, identity.Warning{Code: WarnSerialPersonal, Pointer: pointer + "/serial"})
	}
	return identity.Transfer{ID: id, From: from, To: to, Amount: in.AmountFen, At: in.At.UTC(), Serial: serial}, warnings, nil
}

// declared is the serial number of a transfer as it is to rest in clear, if it has
// one. That of either account is none.
func (d Desk) declared(in Transfer) (serial string, hidden bool, err error) {
	if in.Serial == "" {
		return "", false, nil
	}
	return d.Serial(in.Serial, func(number string) bool {
		return number == identity.NormaliseAccount(in.From.Number) || number == identity.NormaliseAccount(in.To.Number)
	})
}

// Amount refuses what no transfer can be.
func Amount(f money.Fen, pointer string) error {
	switch {
	case f <= 0:
		return ErrAmountNotPositive.At("%s", pointer)
	case f > money.Max:
		return ErrAmountAbsurd.At("%s", pointer)
	}
	return nil
}

// Time refuses a time at which nothing can have happened that is told now: one
// still to come, none at all, and one before the year 2000, a slip of the
// keyboard.
func Time(t, now time.Time, pointer string) error {
	switch {
	case t.IsZero(), t.After(now.Add(skew)):
		return ErrTimeAhead.At("%s", pointer)
	case t.Before(earliest()):
		return ErrTimeImplausible.At("%s", pointer)
	}
	return nil
}

// earliest is the beginning of the year 2000 in China.
func earliest() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, identity.Shanghai()) }

// Name refuses a name in which there is nothing to be read, and one with control
// characters.
func Name(name, pointer string) error {
	switch {
	case !strings.ContainsFunc(identity.Visible(name), func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }):
		return ErrNameMissing.At("%s", pointer)
	case control(name):
		return ErrTextControl.At("%s", pointer)
	}
	return nil
}

// control tells whether there are control characters in a text.
func control(text string) bool { return strings.ContainsFunc(text, unicode.IsControl) }

// at points a rule that was refused to its field.
func at(err error, pointer string) error {
	if v, ok := err.(*rule.Violation); ok { //nolint:errorlint // identity returns violations bare
		return v.At("%s", pointer)
	}
	return err
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// Counterparty seals the other side of a row as a bank gives it. Nothing is
// refused: what a bank says is kept, even of a bank that the list lacks.
func (d Desk) Counterparty(ctx context.Context, in Account) (identity.Account, error) {
	number, bank := identity.NormaliseAccount(in.Number), identity.BankCode(identity.Plain(in.Bank))
	id := identity.AccountIDOf(bank, d.Keys.Index(privacy.Account, number))
	boxes, err := d.Keys.SealAll(ctx, string(id), map[string]string{"account-number": number, "account-holder": identity.Visible(in.Holder)})
	if err != nil {
		return identity.Account{}, fmt.Errorf("seal account: %w", err)
	}
	return identity.Account{
		ID: id, Bank: bank, Kind: identity.AccountKind(or(in.Kind, string(identity.PersonalAccount))),
		Number: boxes["account-number"], Holder: boxes["account-holder"],
	}, nil
}
