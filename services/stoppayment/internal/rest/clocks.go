package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

type clocksInput struct {
	service.Page
	Case  identity.CaseID `query:"case" maxLength:"64"`
	Unit  string          `query:"unit" maxLength:"12" doc:"a unit and those below it"`
	Until time.Time       `query:"until" doc:"RFC 3339: only what runs out before"`
}

// clockRow is one running clock.
type clockRow struct {
	Clock   string             `json:"clock" enum:"stop,second-stop,freeze,lift,lift-notice,release,paper,objection,approval,first-order,protective"`
	At      time.Time          `json:"at" doc:"when it runs out"`
	Account identity.AccountID `json:"account,omitempty"`
	Subject string             `json:"subject" doc:"the order, registration, objection, approval or case it runs for"`
	Case    identity.CaseID    `json:"case,omitempty"`
	Unit    identity.Unit      `json:"unit,omitempty"`
	Warned  int                `json:"warnedHours,omitempty" doc:"hours before the end that were warned of last"`
	Article string             `json:"article" doc:"source of the term in law"`
	Then    string             `json:"then" doc:"what happens by itself when it runs out, Chinese"`
	ThenEN  string             `json:"thenEn" doc:"the same, English"`
}

type clocksOutput struct {
	Body struct {
		Items      []clockRow `json:"items"`
		NextCursor string     `json:"nextCursor,omitempty"`
	}
}

// clocks (时钟登记) lists what runs out, the soonest first.
func (a API) clocks(ctx context.Context, in *clocksInput) (*clocksOutput, error) {
	if _, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator, access.Auditor); err != nil {
		return nil, err
	}
	skip, err := in.After()
	if err != nil {
		return nil, err
	}
	unit := identity.Unit("")
	if in.Unit != "" {
		if unit, err = identity.ParseUnit(in.Unit); err != nil {
			return nil, err
		}
	}
	running, err := a.Clocks.Running(ctx, in.Case, unit, in.Until, skip, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &clocksOutput{}
	out.Body.Items = []clockRow{}
	for _, c := range running {
		m := meaning(c.Kind)
		out.Body.Items = append(out.Body.Items, clockRow{
			Clock: c.Kind, At: c.At, Account: c.Account, Subject: c.Subject, Case: c.Case, Unit: c.Unit, Warned: c.Warned,
			Article: m.article, Then: m.zh, ThenEN: m.en,
		})
	}
	if len(running) == in.Limit {
		out.Body.NextCursor = service.Cursor(skip + uint64(len(running)))
	}
	return out, nil
}

// meant is where the term of a clock comes from and what its end does.
type meant struct{ article, zh, en string }

func meaning(kind string) meant {
	switch kind {
	case view.ClockStop, view.ClockSecondStop:
		return meant{"银发〔2016〕86号 §2", "止付到期自动失效", "the stop lapses"}
	case view.ClockFreeze:
		return meant{"程序规定 art. 240, 243–245", "未续冻的，冻结自动解除", "a freeze that was not renewed ends"}
	case view.ClockLift, view.ClockRelease:
		return meant{"程序规定 art. 247; 刑事诉讼法 art. 145", "银行仍未解除的，记为逾期", "if the bank has not lifted it, that is reported as overdue"}
	case view.ClockNotice:
		return meant{"程序规定 art. 247; 反电信网络诈骗法 art. 32", "仍未告知当事人的，记为逾期", "if the holder was not told, that is reported as overdue"}
	case view.ClockPaper:
		return meant{"本市规定 the city's policy", "未后补的，自动申请解除止付", "what it stopped is lifted"}
	case view.ClockObjection:
		return meant{"反电信网络诈骗法 art. 32", "未决定的，记为逾期", "if it was not decided, that is reported as overdue"}
	case view.ClockApproval:
		return meant{"本市规定 the city's policy", "常设批准失效", "the standing approval ends"}
	case view.ClockFirstOrder:
		return meant{"银发〔2016〕86号", "未发出首次止付的，记为超时", "if no stop was ordered, that is reported as overdue"}
	case view.ClockProtective:
		return meant{"反电信网络诈骗法 art. 20, 34", "保护性止付到期失效", "the protective stop lapses"}
	}
	return meant{}
}
