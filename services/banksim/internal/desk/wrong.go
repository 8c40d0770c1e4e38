package desk

import (
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// plus adds fen to an amount as it is written.
func plus(text string, fen money.Fen) string {
	amount, err := money.Parse(text)
	if err != nil {
		return text
	}
	return (amount + fen).Decimal()
}

// outflowFirst moves the first debit before every credit: money leaves that has
// not come yet. The balances follow, so that the rows add up all the same and go
// below zero in between where there was too little.
func outflowFirst(rows []bank.Transaction, opening string) (moved []bank.Transaction, before string) {
	from := -1
	for i, r := range rows {
		if r.Direction == "D" {
			from = i
			break
		}
	}
	if from <= 0 {
		return rows, opening
	}
	early := rows[from]
	if at, err := identity.ParsePlatformTime(rows[0].Time); err == nil {
		early.Time = identity.FormatPlatformTime(at.Add(-time.Hour))
	}
	rest := append(append([]bank.Transaction(nil), rows[:from]...), rows[from+1:]...)
	moved = append([]bank.Transaction{early}, rest...)
	balance, err := money.Parse(opening)
	for i := range moved {
		amount, bad := money.Parse(moved[i].Amount)
		if err != nil || bad != nil {
			return rows, opening
		}
		if moved[i].Direction == "D" {
			amount = -amount
		}
		balance += amount
		moved[i].Balance = balance.Decimal()
	}
	return moved, opening
}

// zeroCycle appends money that leaves and is back in the same second. The rows
// still come to the balance.
func zeroCycle(rows []bank.Transaction, balance string) []bank.Transaction {
	last := -1
	for i, r := range rows {
		if r.CounterNumber != "" {
			last = i
		}
	}
	total, err := money.Parse(balance)
	if last < 0 || err != nil || total <= 0 {
		return rows
	}
	out := rows[last]
	out.Direction, out.Amount, out.Time = "D", total.Decimal(), rows[len(rows)-1].Time
	out.SerialNumber, out.Balance = rows[last].SerialNumber+"0", money.Fen(0).Decimal()
	back := out
	back.Direction, back.Balance, back.SerialNumber = "C", total.Decimal(), rows[last].SerialNumber+"1"
	return append(rows, out, back)
}
