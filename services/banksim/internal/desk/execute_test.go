package desk_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/desk"
)

var card = banknet.Key{Bank: icbc, Number: "6201"}

// told gives an order of some kind about the account of the bench.
func told(tx, id, original string) bank.Order {
	return bank.Order{
		TxCode: tx, ApplicationID: id, OriginalApplicationID: original, AccountNumber: "6201", AccountName: "张三", ApplicationOrgID: "440982000000",
	}
}

func done(t *testing.T, d *desk.Desk, o bank.Order) bank.Answer {
	t.Helper()
	a := d.Execute(o)
	if a.Result != bank.ResultOK {
		t.Fatalf("%s %s: %+v", o.TxCode, o.ApplicationID, a)
	}
	return a
}

func at(d *desk.Desk, when time.Time) { d.Clock = stopped{when} }

func free(t *testing.T, n *banknet.Network, when time.Time, want money.Fen) {
	t.Helper()
	held, balance, err := n.Held(card, when)
	if err != nil || balance-held != want {
		t.Errorf("%s are free, want %s: %v", balance-held, want, err)
	}
}

func TestALiftEndsTheStopItNamesAndNoOther(t *testing.T) {
	n, d := bench(t)
	done(t, d, stopOrder())
	other := told(bank.TxStop, "o-9", "")
	other.ApplicationOrgID, other.Scope, other.StopAmount = "110000000000", bank.ScopeAmount, "20.00"
	done(t, d, other)
	if a := d.Execute(told(bank.TxLift, "l-0", "no such order")); a.FailureCause != bank.UnknownOrder {
		t.Errorf("an order that there is not: %+v", a)
	}
	a := done(t, d, told(bank.TxLift, "l-1", "o-1"))
	if a.StartTime != "20210717120000" || a.State != bank.StateStopped || a.AvailableBalance != "123.00" || len(a.Measures) != 1 ||
		a.Measures[0].Department != "公安机关110000000000" || a.Measures[0].Amount != "20.00" {
		t.Errorf("%+v", a)
	}
	free(t, n, noon, 12_300)
	at(d, noon.Add(72*time.Hour))
	done(t, d, told(bank.TxLift, "l-2", "o-9"))
}

func TestAStopOfAnAmountHoldsNoMore(t *testing.T) {
	n, d := bench(t)
	o := stopOrder()
	o.Scope, o.StopAmount = bank.ScopeAmount, "50.00"
	if a := done(t, d, o); a.StoppedAmount != "50.00" || a.AvailableBalance != "93.00" {
		t.Errorf("%+v", a)
	}
	free(t, n, noon, 9_300)
	for _, amount := range []string{"", "0.00", "-1.00", "x"} {
		o.ApplicationID, o.StopAmount = "o-"+amount, amount
		if a := d.Execute(o); a.FailureCause != bank.MismatchAmount {
			t.Errorf("%q: %+v", amount, a)
		}
	}
}

func TestAStopIsNarrowedAndItsTermGoesOn(t *testing.T) {
	n, d := bench(t)
	done(t, d, stopOrder())
	at(d, noon.Add(time.Hour))
	o := told(bank.TxStop, "o-2", "o-1")
	o.Scope, o.StopAmount = bank.ScopeAmount, "30.00"
	if a := done(t, d, o); a.ExpireTime != "20210719120000" || a.AvailableBalance != "113.00" || len(a.Measures) != 0 {
		t.Errorf("%+v", a)
	}
	free(t, n, noon.Add(time.Hour), 11_300)
	free(t, n, noon.Add(48*time.Hour), 14_300)
	o.ApplicationID, o.StopAmount = "o-3", "31.00"
	if a := done(t, d, o); a.ExpireTime != "20210719120000" || a.AvailableBalance != "112.00" {
		t.Errorf("a larger amount, since more of the money has come: %+v", a)
	}
}

func TestI03_TheSecondStopGoesOnFromTheEndOfTheFirstAndIsLiftedWithIt(t *testing.T) {
	n, d := bench(t)
	done(t, d, stopOrder())
	at(d, noon.Add(20*time.Hour))
	if a := done(t, d, told(bank.TxSecondStop, "o-2", "o-1")); a.StartTime != "20210718080000" || a.ExpireTime != "20210721120000" || len(a.Measures) != 0 {
		t.Errorf("%+v", a)
	}
	free(t, n, noon.Add(95*time.Hour), 0)
	free(t, n, noon.Add(96*time.Hour), 14_300)
	done(t, d, told(bank.TxLift, "l-1", "o-1"))
	free(t, n, noon.Add(20*time.Hour), 14_300)
}

func TestTheSecondStopEndsNoLaterThanItsOrderAsks(t *testing.T) {
	_, d := bench(t)
	done(t, d, stopOrder())
	at(d, noon.Add(20*time.Hour))
	sooner := told(bank.TxSecondStop, "o-2", "o-1")
	sooner.StartTime, sooner.ExpireTime = "20210719110000", "20210721110000" // by the order's books the first ends an hour before
	if a := done(t, d, sooner); a.ExpireTime != "20210721110000" {
		t.Errorf("%+v", a)
	}
}

func TestThePapersOfAnOrderGivenByTelephoneLeaveItsTerm(t *testing.T) {
	n, d := bench(t)
	done(t, d, told(bank.TxStop, "phone-1", ""))
	at(d, noon.Add(20*time.Hour))
	papers := told(bank.TxStop, "o-1", "phone-1")
	papers.ApplicationType = bank.ApplicationPaperRMB
	if a := done(t, d, papers); a.ExpireTime != "20210719120000" || len(a.Measures) != 0 {
		t.Errorf("%+v", a)
	}
	free(t, n, noon.Add(48*time.Hour), 14_300)
}

func TestABankMayGiveAFreezeAnotherTermThanWasOrdered(t *testing.T) {
	_, d := bench(t)
	d.Behaviour.FreezeMonths = 5
	o := told(bank.TxFreeze, "f-1", "")
	o.FreezeType, o.TermMonths = bank.FreezeWhole, 6
	if a := done(t, d, o); a.ExpireTime != "20211217120000" {
		t.Errorf("%+v", a)
	}
}

func TestABankMayTellMoreOfEachRow(t *testing.T) {
	_, d := bench(t)
	d.Behaviour.Details = true
	a := done(t, d, stopOrder())
	transfer, cash := a.Transactions[0], a.Transactions[1]
	if transfer.IP == "" || transfer.MAC == "" || transfer.TerminalNumber != "" || cash.TerminalNumber == "" || cash.PlaceCode == "" || cash.IP != "" ||
		transfer.LogNumber == cash.LogNumber || transfer.Currency != "CNY" {
		t.Errorf("%+v", a.Transactions)
	}
}

func TestASecondStopAfterTheFirstHasLapsedStopsAgain(t *testing.T) {
	n, d := bench(t)
	done(t, d, stopOrder())
	at(d, noon.Add(60*time.Hour))
	if a := done(t, d, told(bank.TxSecondStop, "o-2", "o-1")); a.ExpireTime != "20210722000000" || len(a.Measures) != 0 {
		t.Errorf("%+v", a)
	}
	free(t, n, noon.Add(60*time.Hour), 0)
	done(t, d, told(bank.TxLift, "l-1", "o-1"))
	free(t, n, noon.Add(60*time.Hour), 14_300)
}

func TestAFreezeIsRenewedReleasedInPartAndEnded(t *testing.T) {
	n, d := bench(t)
	freeze := told(bank.TxFreeze, "f-1", "")
	freeze.FreezeType, freeze.Balance, freeze.TermMonths = bank.FreezeLimited, "100.00", 6
	done(t, d, freeze)
	renew := told(bank.TxRenewFreeze, "f-2", "f-1")
	if a := done(t, d, renew); a.ExpireTime != "20220717120000" || a.FrozedBalance != "100.00" {
		t.Errorf("six months more: %+v", a)
	}
	renew.ApplicationID, renew.ExpireTime = "f-3", "20220817120000"
	if a := done(t, d, renew); a.ExpireTime != "20220817120000" {
		t.Errorf("until a day that is named: %+v", a)
	}
	part := told(bank.TxUnfreeze, "u-1", "f-1")
	part.ReleaseAmount = "40.00"
	if a := done(t, d, part); a.ReleasedAmount != "40.00" || a.FrozedBalance != "60.00" || a.ExpireTime != "20220817120000" || a.AvailableBalance != "83.00" {
		t.Errorf("in part: %+v", a)
	}
	free(t, n, noon, 8_300)
	part.ApplicationID, part.ReleaseAmount = "u-2", "60.01"
	if a := d.Execute(part); a.FailureCause != bank.MismatchAmount {
		t.Errorf("more than is frozen: %+v", a)
	}
	if a := done(t, d, told(bank.TxUnfreeze, "u-3", "f-1")); a.ReleasedAmount != "60.00" || a.FrozedBalance != "0.00" || a.State != bank.StateNormal {
		t.Errorf("the rest: %+v", a)
	}
	free(t, n, noon, 14_300)
	for tx, want := range map[string]string{bank.TxUnfreeze: bank.UnknownOrder, bank.TxRenewFreeze: bank.UnknownOrder} {
		if a := d.Execute(told(tx, "x", "nothing")); a.FailureCause != want {
			t.Errorf("%s of nothing: %+v", tx, a)
		}
	}
	if a := d.Execute(told(bank.TxRenewFreeze, "f-4", "f-1")); a.FailureCause != bank.Ended {
		t.Errorf("renewal after the end: %+v", a)
	}
}

// period is an account with a row each day.
func daily(t *testing.T, rows int) *desk.Desk {
	t.Helper()
	n, d := bench(t)
	for i := range rows {
		pay(t, n, banknet.Payment{
			Serial: "D" + strconv.Itoa(i), At: noon.AddDate(0, 0, i), Amount: 1, From: banknet.Key{Bank: abc, Number: "6202"}, To: card,
		})
	}
	at(d, noon.AddDate(0, 0, rows))
	return d
}

func TestAQueryAnswersAccountRowsOrBothOfAPeriod(t *testing.T) {
	for name, c := range map[string]struct {
		mode, from, until string
		rows              int
		opening           string
	}{
		"basic: no rows":               {bank.InquiryBasic, "", "", 0, ""},
		"detail: all rows":             {bank.InquiryDetail, "", "", 12, "100.00"},
		"both, of a period":            {bank.InquiryBoth, "20210718120000", "20210720120000", 2, "143.01"},
		"a period without rows":        {bank.InquiryBoth, "20220718120000", "", 0, "143.10"},
		"fast: a short statement":      {bank.InquiryFast, "", "", 12, "100.00"},
		"without a mode: all":          {"", "", "", 12, "100.00"},
		"up to the start: none of all": {bank.InquiryDetail, "", "20210101000000", 0, "100.00"},
	} {
		d := daily(t, 10)
		o := told(bank.TxQuery, "q-1", "")
		o.InquiryMode, o.InquiryStart, o.InquiryEnd, o.AccountName = c.mode, c.from, c.until, ""
		a := done(t, d, o)
		if len(a.Transactions) != c.rows || a.OpeningBalance != c.opening || a.AccountBalance != "143.10" || a.State != bank.StateNormal {
			t.Errorf("%s: %d rows, %+v", name, len(a.Transactions), a)
		}
	}
	o := told(bank.TxQuery, "q-1", "")
	o.InquiryStart = "yesterday"
	if a := daily(t, 1).Execute(o); a.FailureCause != bank.MismatchTime {
		t.Errorf("%+v", a)
	}
}

func TestAFastQueryAnswersTheNewestRows(t *testing.T) {
	d := daily(t, 400)
	o := told(bank.TxQuery, "q-1", "")
	o.InquiryMode = bank.InquiryFast
	a := done(t, d, o)
	if len(a.Transactions) != bank.RowsPerAnswer || a.Transactions[0].SerialNumber != "D100" || a.OpeningBalance != "144.00" {
		t.Errorf("%d rows from %+v after %s", len(a.Transactions), a.Transactions[0], a.OpeningBalance)
	}
}

func TestAHolderAndAllHisAccountsAreTold(t *testing.T) {
	n := banknet.New()
	const id = "11010519491231002X"
	for i, a := range []banknet.Account{
		{Key: card, Holder: "张三", Kind: "01", HolderID: id},
		{Key: banknet.Key{Bank: icbc, Number: "6209"}, Holder: "张三", Kind: "01", HolderID: id},
		{Key: banknet.Key{Bank: abc, Number: "6202"}, Holder: "张三", Kind: "01", HolderID: id},
		{Key: banknet.Key{Bank: icbc, Number: "6203"}, Holder: "张三", Kind: "01", HolderID: "another"},
	} {
		if err := n.Open(a, money.Fen(100*(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	court := banknet.FreezeOrder{ID: "c", By: "某法院", Kind: banknet.CourtFreeze, At: noon, Until: noon.AddDate(1, 0, 0)}
	if _, err := n.Freeze(card, court); err != nil {
		t.Fatal(err)
	}
	d := &desk.Desk{Bank: icbc, Network: n, Clock: stopped{noon}}
	if a := done(t, d, told(bank.TxHolderQuery, "q-1", "")); a.Holder == nil || *a.Holder != (bank.Holder{Name: "张三", IDType: "01", IDNumber: id}) {
		t.Errorf("%+v", a.Holder)
	}
	byNumber := bank.Order{TxCode: bank.TxAllAccounts, IDType: "01", IDNumber: id}
	want := []bank.HeldAccount{
		{AccountNumber: "6209", AccountName: "张三", AccountType: "01", Currency: "CNY", Balance: "2.00", AvailableBalance: "2.00", State: bank.StateNormal},
		{
			AccountNumber: "6201", AccountName: "张三", AccountType: "01", Currency: "CNY", Balance: "1.00", AvailableBalance: "0.00", State: bank.StateFrozen,
			Measures: []bank.Measure{{Type: bank.MeasureCourtFreeze, Department: "某法院", StartTime: "20210717120000", ExpireTime: "20220717120000"}},
		},
	}
	for name, o := range map[string]bank.Order{"by account": told(bank.TxAllAccounts, "q-2", ""), "by document": byNumber} {
		if diff := cmp.Diff(want, done(t, d, o).Accounts, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	byNumber.IDNumber = "nobody"
	if a := d.Execute(byNumber); a.FailureCause != bank.NotFound {
		t.Errorf("%+v", a)
	}
}

func TestAPaymentInstitutionIsToldByItsOrderNumber(t *testing.T) {
	n, d := bench(t)
	wallet := banknet.Key{Bank: "323331000001", Number: "W1"}
	if err := n.Open(banknet.Account{Key: wallet, Holder: "备付金", Kind: bank.KindPaymentInstitution}, 0); err != nil {
		t.Fatal(err)
	}
	pay(t, n, banknet.Payment{Serial: "S3", At: noon, From: card, To: wallet, Amount: 100, Order: "2021071700001"})
	a := done(t, d, told(bank.TxQuery, "q-1", ""))
	got := a.Transactions[len(a.Transactions)-1]
	want := bank.Transaction{
		SerialNumber: "S3", Time: "20210717120000", Direction: "D", Amount: "1.00", Balance: "142.00",
		CounterBankID: "323331000001", CounterType: "02", CounterKind: bank.KindPaymentInstitution, CounterOrderNumber: "2021071700001",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	institution := &desk.Desk{Bank: wallet.Bank, Network: n, Clock: stopped{noon}}
	o := bank.Order{TxCode: bank.TxQuery, DataType: bank.DataOrderNumber, AccountNumber: "2021071700001"}
	freeze := o
	freeze.TxCode, freeze.ApplicationID, freeze.FreezeType = bank.TxFreeze, "f-1", bank.FreezeWhole
	done(t, institution, freeze)
	notice := bank.Notice{
		NoticeID: "n-1", AccountNumber: "2021071700001", Amount: "0.40", Officers: []bank.Signatory{{PoliceNo: "1"}, {PoliceNo: "2"}},
		Payee: bank.Side{BankID: abc, AccountNumber: "6202", AccountName: "李四"},
	}
	if r := institution.PayOut(notice); r.Result != bank.ResultOK {
		t.Errorf("a notice about an order number: %+v", r)
	}
	notice.AccountName = "somebody else"
	if r := institution.PayOut(notice); r.FailureCause != bank.MismatchName {
		t.Errorf("under a wrong name: %+v", r)
	}
	if a := done(t, institution, o); len(a.Transactions) != 2 || a.Transactions[0].CounterNumber != "6201" || a.AccountBalance != "0.60" {
		t.Errorf("%+v", a)
	}
}

func TestAnUnknownKindOfOrderIsRefused(t *testing.T) {
	n, d := bench(t)
	if a := d.Execute(told("100999", "x", "")); a.FailureCause != bank.Technical {
		t.Errorf("%+v", a)
	}
	if err := n.Pay(banknet.Payment{At: noon, From: card, Amount: 1}); errors.Is(err, banknet.ErrStopped) {
		t.Error("and yet the account is stopped")
	}
}
