package sheet_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/sheet"
)

var four = time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC) // 16:00 in China

const kase identity.CaseID = "case-a"

func lots(amount money.Fen) []event.Lot {
	return []event.Lot{{Case: kase, Victim: "yang", Transfer: "t1", Amount: amount}}
}

// small is a case of one victim, an account that holds 30.4万, and cash.
func small() sheet.Input {
	victim, mule := event.Account{ID: "victim", Bank: "102100099996"}, event.Account{ID: "mule", Bank: "103100000026"}
	paid := event.Transfer{ID: "t1", From: victim, To: mule, Amount: 483_000_000, At: four.Add(-40 * time.Minute), Serial: "S1"}
	cash := event.Transfer{ID: "t2", From: mule, Amount: 452_600_000, At: four.Add(-30 * time.Minute), Serial: "S2"}
	in := flow.Histories{
		Rows: domain.Rows{},
		Pursuit: []event.PursuitEvent{
			event.PursuitOpened{Case: kase, ReportedAt: four},
			event.DownstreamAccountFound{Case: kase, Account: mule, Level: 1, Source: paid, Lots: lots(483_000_000), Order: "o1"},
		},
		Accounts: map[identity.AccountID][]event.AccountEvent{"mule": {
			event.StopRequested{Order: "o1", Case: kase, Ordinal: 1, Account: mule, Level: 1, Source: paid, At: four},
			event.StopExecuted{Order: "o1", Case: kase, Ordinal: 1, ExecutedAt: four, ExpiresAt: four.Add(48 * time.Hour), BalanceBefore: 30_400_050},
			event.StatementReceived{Order: "o1", Opening: 50, Rows: []event.Row{
				{Serial: "S1", At: paid.At, Credit: true, Amount: 483_000_000, Balance: 483_000_050, Kind: "transfer", Counter: &victim},
				{Serial: "S2", At: cash.At, Amount: 452_600_000, Balance: 30_400_050, Kind: "cash"},
			}},
			event.FundsAttributed{
				Revision: 1, Method: event.DirectTimestamp, Exact: true, Balance: 30_400_050, Reached: lots(483_000_000), Held: lots(30_400_000),
				Left: lots(452_600_000), Outflows: []event.Outflow{{Transfer: cash, Cash: true, Lots: lots(452_600_000)}},
			},
		}},
	}
	return sheet.Input{
		Graph: flow.Build(four.Add(time.Hour), in), Banks: identity.DefaultBanks(), Full: true,
		Faces: map[identity.AccountID]chart.Face{
			"victim": {Number: "6222021234567890128", Holder: "杨某"}, "mule": {Number: "6228481234567890123", Holder: "=HYPERLINK(\"http://x\")"},
		},
	}
}

func open(t *testing.T, book []byte) *excelize.File {
	t.Helper()
	file, err := excelize.OpenReader(bytes.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() }) // only read
	return file
}

func TestTheTableHasEveryMovementHopByHop(t *testing.T) {
	book, err := sheet.Write(small())
	if err != nil {
		t.Fatal(err)
	}
	file := open(t, book)
	if diff := cmp.Diff([]string{sheet.Flows, sheet.Accounts, sheet.About}, file.GetSheetList()); diff != "" {
		t.Error(diff)
	}
	rows, err := file.GetRows(sheet.Flows, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"序号", "层级", "转出户名", "转出账号", "转出开户行", "转入户名", "转入账号", "转入开户行", "金额（元）", "时间戳（北京时间）", "流水号", "转出后余额（元）", "其中涉案（元）", "备注"},
		{"1", "1", "杨某", "6222021234567890128", "中国工商银行股份有限公司", "'=HYPERLINK(\"http://x\")", "6228481234567890123", "中国农业银行股份有限公司", "4830000", "2021-07-17 15:20:00", "S1", "", "4830000", "被害人申报，收款行流水证实"},
		{"2", "2", "'=HYPERLINK(\"http://x\")", "6228481234567890123", "中国农业银行股份有限公司", "取现", "", "", "4526000", "2021-07-17 15:30:00", "S2", "304000.5", "4526000", "付款行反馈明细；取现"},
		{"", "", "", "", "", "", "", "报案损失合计", "4830000"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestStoppedAttributableAndFrozenStandApart(t *testing.T) {
	book, err := sheet.Write(small())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := open(t, book).GetRows(sheet.Accounts, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for n, name := range rows[0] {
		if n < len(rows[1]) {
			got[name] = rows[1][n]
		}
	}
	for name, want := range map[string]string{
		"涉案流入（元）": "4830000", "涉案转出（元）": "4526000", "权属认定（元）": "304000", "账户余额（元）": "304000.5", "止付金额（元）": "304000.5", "冻结金额（元）": "0",
		"涉案资金去处": "已止付 304,000.00", "止付到期": "2021-07-19 16:00:00", "一一对应": "是",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

func TestI71_TheTableTellsItsCutOffVersionAndMethod(t *testing.T) {
	book, err := sheet.Write(small())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := open(t, book).GetRows(sheet.About)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, r := range rows {
		text += strings.Join(r, " ") + "\n"
	}
	for _, want := range []string{"2021-07-17 17:00:00", flow.Version, "时间戳一一对应", "其中 已取现 cash（元） 4,526,000.00", "完整账号"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not told:\n%s", want, text)
		}
	}
}

func TestI62_TheSamePictureIsTheSameWorkbook(t *testing.T) {
	first, err := sheet.Write(small())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // the library walks a map of three sheets
		again, err := sheet.Write(small())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatal("two workbooks differ")
		}
	}
}

func TestNoTextIsTakenForAFormula(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "张某": "张某", "=1+1": "'=1+1", "+86": "'+86", "-5": "'-5", "@SUM": "'@SUM", "\t=1": "'\t=1", "\r": "'\r", "＝1": "'＝1", "a=b": "a=b",
	} {
		if got := sheet.Harmless(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
