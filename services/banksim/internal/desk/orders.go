package desk

import (
	"context"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
)

func (d *Desk) orders(ctx context.Context) (tasks []task, listed int, err error) {
	var page bank.Orders
	if err := d.City.Get(ctx, "/v1/bank/orders?"+longPoll, &page); err != nil {
		return nil, 0, err
	}
	for _, o := range page.Items {
		if d.mine(o.AccountNumber) {
			tasks = append(tasks, task{id: o.ApplicationID, do: func(ctx context.Context, e *entry) error { return d.order(ctx, o, e) }})
		}
	}
	return tasks, len(page.Items), nil
}

func orderPath(id string) string { return "/v1/bank/orders/" + url.PathEscape(id) }

// order acknowledges an order, carries it out once and answers.
func (d *Desk) order(ctx context.Context, o bank.Order, e *entry) error {
	if e.tries == 1 && d.Seen != nil {
		d.Seen(o)
	}
	if err := d.City.Post(ctx, orderPath(o.ApplicationID)+"/receipt", o.ApplicationID+"-receipt", struct{}{}, nil); err != nil {
		return err
	}
	if d.Behaviour.NeverAnswers {
		e.silent = true
		return nil
	}
	if e.answer == nil {
		if err := d.pause(ctx, d.Behaviour.delay(o.ApplicationID)); err != nil {
			return err
		}
		answer := d.Execute(o)
		e.answer = &answer
		if err := d.hold(ctx, e); err != nil {
			return err
		}
	}
	if err := d.reply(ctx, o, e); err != nil {
		return err
	}
	d.answeredNow(e)
	if d.Answered != nil {
		d.Answered(o)
	}
	if d.Behaviour.AnswersTwice && e.tries == 1 {
		_ = d.post(ctx, o.ApplicationID, "again", *e.answer) // to be refused or without effect
	}
	return nil
}

// hold keeps an answer back for as long as the bank's ways demand.
func (d *Desk) hold(ctx context.Context, e *entry) error {
	if err := d.pause(ctx, d.Behaviour.AnswersLate); err != nil {
		return err
	}
	if d.Behaviour.LaterFirst {
		return d.letLaterGoFirst(ctx, e)
	}
	return nil
}

func (d *Desk) pause(ctx context.Context, by time.Duration) error {
	if by <= 0 {
		return ctx.Err()
	}
	return d.Clock.Wait(ctx, d.Clock.Now().Add(by))
}

// reply posts the answer, or first a wrong one where that is the bank's way.
func (d *Desk) reply(ctx context.Context, o bank.Order, e *entry) error {
	fault := d.Behaviour.Wrong
	if fault == "" || o.TxCode != bank.TxStop && o.TxCode != bank.TxSecondStop || e.answer.Result != bank.ResultOK {
		return d.post(ctx, o.ApplicationID, "", *e.answer)
	}
	switch fault {
	case UnknownOrder, OthersOrder:
		d.stray(ctx, o, *e.answer)
		return d.post(ctx, o.ApplicationID, "", *e.answer)
	case NegativeBalance, Contradiction, BeforeInflow, ZeroCycle:
	}
	err := d.post(ctx, o.ApplicationID, "", spoil(*e.answer, fault))
	if d.Behaviour.CorrectAfter <= 0 || ctx.Err() != nil {
		return err
	}
	if err != nil {
		d.Log.Warn("a bank's wrong answer was not taken", slog.String("bank", string(d.Bank)), slog.String("id", o.ApplicationID), slog.Any("error", err))
	}
	if err := d.pause(ctx, d.Behaviour.CorrectAfter); err != nil {
		return err
	}
	right := *e.answer
	right.CorrectsAnswer = true
	return d.post(ctx, o.ApplicationID, "correction", right)
}

// stray answers an order that is not this bank's, or none at all. It is to be
// refused, and what the city says to it is only told to the log.
func (d *Desk) stray(ctx context.Context, o bank.Order, a bank.Answer) {
	id := o.ApplicationID + "x"
	if d.Behaviour.Wrong == OthersOrder {
		if d.Elsewhere == nil {
			return
		}
		if id = d.Elsewhere(d.Bank); id == "" {
			return
		}
	}
	if err := d.City.Post(ctx, orderPath(id)+"/answer", o.ApplicationID+"-answer-stray", a, nil); err == nil {
		d.Log.Error("the city took an answer that was not this bank's to give", slog.String("bank", string(d.Bank)), slog.String("id", id))
	}
}

// post sends an answer, in as many pages as it needs. Each has a key of its own,
// and the same key whenever it is sent again.
func (d *Desk) post(ctx context.Context, id, suffix string, a bank.Answer) error {
	key := id + "-answer"
	if suffix != "" {
		key += "-" + suffix
	}
	for i, page := range pages(a, d.Behaviour.PageRows) {
		k := key
		if i > 0 {
			k += "-p" + strconv.Itoa(i+1)
		}
		if err := d.City.Post(ctx, orderPath(id)+"/answer", k, page, nil); err != nil {
			return err
		}
	}
	return nil
}

// lookEvery is how often a desk looks whether a freeze that waited has taken
// hold.
const lookEvery = 500 * time.Millisecond

// activate answers the freezes that waited in line (轮候) once more when they have
// taken hold.
func (d *Desk) activate(ctx context.Context) {
	for rest(ctx, lookEvery) == nil {
		for _, a := range d.Network.Activated(d.Bank, d.Clock.Now().Truncate(time.Second)) {
			if !d.known(a.ID) {
				continue // somebody else's
			}
			if err := d.post(ctx, a.ID, "active", frozen(a.Frozen)); err != nil && ctx.Err() == nil {
				d.Log.Warn("a bank's answer was not taken", slog.String("bank", string(d.Bank)), slog.String("id", a.ID), slog.Any("error", err))
			}
		}
	}
}

func (d *Desk) known(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.entries[id]
	return ok
}
