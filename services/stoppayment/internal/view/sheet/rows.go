package sheet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
)

// flows writes every movement, by time (41号 art. 7).
func (w *writer) flows(p *page) {
	p.add("序号", "层级", "转出户名", "转出账号", "转出开户行", "转入户名", "转入账号", "转入开户行", "金额（元）", "时间戳（北京时间）", "流水号", "转出后余额（元）", "其中涉案（元）", "备注")
	nodes := map[string]flow.Node{}
	for _, n := range w.Graph.Nodes {
		nodes[n.ID] = n
	}
	for n, e := range w.Graph.Edges {
		from, to := w.side(nodes[e.From]), w.side(nodes[e.To])
		var after any = ""
		if e.After != nil {
			after = *e.After
		}
		p.add(n+1, nodes[e.To].Level, from[0], from[1], from[2], to[0], to[1], to[2], e.Transfer.Amount, second(e.Transfer.At), e.Transfer.Serial, after, e.Carried, note(e))
	}
	var sum money.Fen
	for _, e := range w.Graph.Edges {
		if e.Declared {
			sum += e.Carried
		}
	}
	p.add("", "", "", "", "", "", "", "报案损失合计", sum)
}

// side is holder, number and bank of one end.
func (w *writer) side(n flow.Node) [3]string {
	switch n.Kind {
	case flow.Cash:
		return [3]string{"取现", "", ""}
	case flow.Unknown:
		return [3]string{"去向不明", "", ""}
	case flow.Account, flow.Victim:
	}
	face := w.Faces[n.Ref.ID]
	return [3]string{face.Holder, face.Number, w.bank(n.Ref.Bank)}
}

// note says where a movement is known from.
func note(e flow.Edge) string {
	var notes []string
	switch {
	case e.Declared && e.Evidence != nil:
		notes = append(notes, "被害人申报，收款行流水证实")
	case e.Declared:
		notes = append(notes, "被害人申报，银行流水尚未证实")
	case e.Manual:
		notes = append(notes, "人工指令所依据，银行流水尚未证实")
	default:
		notes = append(notes, "付款行反馈明细")
	}
	if e.Cash {
		notes = append(notes, "取现")
	}
	if len(e.Lots) > 1 {
		notes = append(notes, fmt.Sprintf("涉及 %d 笔被骗转账", len(e.Lots)))
	}
	return strings.Join(notes, "；")
}

// accounts writes one row per account, with the three amounts apart.
func (w *writer) accounts(p *page) {
	p.add("序号", "层级", "户名", "账号", "开户行", "类别", "涉案流入（元）", "涉案转出（元）", "留存（元）", "权属认定（元）", "账户余额（元）", "止付金额（元）", "冻结金额（元）", "已返还（元）",
		"涉案资金去处", "措施", "止付到期", "冻结到期", "一一对应", "反馈差异", "在先措施")
	row := 0
	for _, n := range w.Graph.Nodes {
		if n.Kind != flow.Account {
			continue
		}
		row++
		face := w.Faces[n.Ref.ID]
		var balance any = ""
		if n.Told {
			balance = n.Balance
		}
		stop, _ := n.InForce(flow.Stop)
		freeze, _ := n.InForce(flow.Freeze)
		p.add(row, n.Level, face.Holder, face.Number, w.bank(n.Ref.Bank), chart.KindName(n.Ref.Kind), n.In, n.Left, n.Here, n.Held, balance, n.Stopped, n.Frozen, n.Returned,
			places(n.Shares), measures(n), second(stop.Until), second(freeze.Until), exact(n), n.Odd, prior(n.Prior))
	}
	t := w.Graph.Totals
	p.add("", "", "合计", "", "", "", "", "", "", t.Attributable, "", t.Stopped, t.Frozen)
}

func places(shares []flow.Share) string {
	parts := make([]string, 0, len(shares))
	for _, s := range shares {
		name, _ := chart.WhereName(s.Where)
		parts = append(parts, name+" "+s.Amount.String())
	}
	return strings.Join(parts, "；")
}

func measures(n flow.Node) string {
	if len(n.Measures) == 0 {
		if n.Withheld != "" {
			return "未下指令：" + chart.WithheldName(n.Withheld)
		}
		return "未下指令"
	}
	parts := make([]string, 0, len(n.Measures))
	for _, m := range n.Measures {
		parts = append(parts, chart.Told(m))
	}
	return strings.Join(parts, "；")
}

func exact(n flow.Node) string {
	switch {
	case n.Revision == 0:
		return "未认定"
	case n.Exact:
		return "是"
	}
	return "否"
}

func prior(all []flow.Prior) string {
	parts := make([]string, 0, len(all))
	for _, o := range all {
		text := o.Kind + " " + o.By
		if !o.Until.IsZero() {
			text += " 至 " + second(o.Until)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "；")
}

// about says what the table is of and how it was made.
func (w *writer) about(p *page) {
	g, t := w.Graph, w.Graph.Totals
	p.add("项目", "内容")
	p.add("案件", string(g.Case))
	p.add("案件编号", string(g.CaseNo))
	p.add("截至（北京时间）", second(g.At)+"，此后记录的事实不在表中")
	p.add("报案时间（北京时间）", second(g.ReportedAt))
	p.add("报案损失（元）", t.Reported)
	for _, s := range t.Shares {
		name, english := chart.WhereName(s.Where)
		p.add("其中 "+name+" "+english+"（元）", s.Amount)
	}
	p.add("权属在户（元）", t.Attributable)
	p.add("止付金额（元，含他人资金）", t.Stopped)
	p.add("冻结金额（元，含他人资金）", t.Frozen)
	p.add("未受控（元）", t.Escaped)
	p.add("账户、银行、层级、笔数", fmt.Sprintf("%d 户，%d 家银行，%d 级，%d 笔", t.Accounts, t.Banks, t.Levels, t.Transfers))
	p.add("权属认定方法", strings.Join(methods(g), "、"))
	p.add("编制方法", "按银行反馈明细的时间戳逐笔认定（《电信网络新型违法犯罪案件冻结资金返还若干规定》第七条、第八条）；止付、权属、冻结为三个不同金额；各去处之和恒等于报案损失")
	p.add("账号显示", map[bool]string{true: "完整账号，仅供入卷", false: "已脱敏"}[w.Full])
	p.add("版本", flow.Version)
}

// methods lists the methods by which the accounts were attributed.
func methods(g flow.Graph) []string {
	names := map[string]string{
		"DIRECT_TIMESTAMP": "时间戳一一对应", "PRO_RATA": "按比例", "FIFO": "先进先出", "LIFO": "后进先出", "MANUAL": "人工认定",
	}
	var all []string
	for _, n := range g.Nodes {
		if n.Revision > 0 {
			all = append(all, names[string(n.Method)]+"（"+string(n.Method)+"）")
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
