package domain

import (
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// PaymentID names the payment of one claim, so that a bank that is asked twice
// sees one payment.
func PaymentID(procedure identity.ProcedureID, transfer identity.TransferID) string {
	return identity.Derive("payment", string(procedure), string(transfer)).String()
}

// serve takes the decision to the bank, by two officers in person (41号
// art. 10), neither of whom has made it.
func serve(hash Hash, p Procedure, cmd ServeNotice) ([]event.RefundEvent, error) {
	approver := func(o event.Officer) bool { return o.PoliceNo == p.Approver.PoliceNo }
	switch {
	case !p.Approved():
		return nil, ErrNotApproved
	case p.Served:
		return nil, ErrServed
	case !twoOfficers(cmd.Officers):
		return nil, ErrTwoOfficers.At("/officers")
	case slices.ContainsFunc(cmd.Officers, approver):
		return nil, ErrServerApproved.At("/officers/%d", slices.IndexFunc(cmd.Officers, approver))
	case !cmd.At.Before(p.FreezeExpires):
		return nil, ErrFreezeExpired
	}
	if err := unchanged(hash, p, p.ApprovedHash); err != nil {
		return nil, err
	}
	served := event.AssistNoticeServed{Case: p.Case, CaseNo: p.CaseNo, Account: p.Account, Officers: cmd.Officers, At: cmd.At}
	for _, line := range p.Plan.Lines {
		if line.Refund == 0 {
			continue
		}
		served.Payments = append(served.Payments, event.Payment{
			ID: PaymentID(p.ID, line.Transfer), Victim: line.Victim, Transfer: line.Transfer,
			Payee: p.Claims[p.claim(line.Victim, line.Transfer)].Payee, Amount: line.Refund,
		})
	}
	return []event.RefundEvent{served}, nil
}

// payable finds a payment that this bank was asked to make.
func payable(p Procedure, id string, bank identity.BankCode) (Payment, error) {
	n := p.payment(id)
	switch {
	case n < 0:
		return Payment{}, ErrNoNotice
	case bank != p.Account.Bank:
		return Payment{}, ErrOtherBank
	}
	return p.Payments[n], nil
}

// paid takes the bank's word for a payment, and closes the procedure with the
// last: what was not returned stays frozen as long as before.
func paid(p Procedure, cmd ReportPaid) ([]event.RefundEvent, error) {
	pay, err := payable(p, cmd.Payment, cmd.Bank)
	if err != nil {
		return nil, err
	}
	returned, err := p.Returned.Add(pay.Amount)
	switch {
	case cmd.Amount != pay.Amount:
		return nil, ErrAmountDiffers.At("/amount")
	case cmd.Receipt == "" || len(cmd.Receipt) > MaxReceipt || !number(cmd.Receipt):
		return nil, ErrReceipt.At("/receiptNumber")
	case pay.Done && pay.Receipt != cmd.Receipt:
		return nil, ErrPaidAlready
	case pay.Done:
		return nil, nil // told twice
	case cmd.ExecutedAt.Before(p.ServedAt.Add(-ClockSkew)):
		return nil, ErrPaidWhen.At("/doneTime")
	case err != nil || returned > p.Frozen:
		return nil, ErrExceedsFrozen
	}
	events := []event.RefundEvent{event.RefundExecuted{
		Payment: pay.ID, Case: p.Case, Account: p.Account.ID, FreezeOrder: p.FreezeOrder, Victim: pay.Victim, Transfer: pay.Transfer,
		Payee: pay.Payee, Amount: pay.Amount, BankReceipt: cmd.Receipt, ExecutedAt: cmd.ExecutedAt,
	}}
	if slices.ContainsFunc(p.Payments, func(o Payment) bool { return !o.Done && o.ID != pay.ID }) {
		return events, nil
	}
	remainder := p.Frozen - returned
	if remainder > 0 {
		events = append(events, event.RemainderKeptFrozen{Amount: remainder, ExpiresAt: p.FreezeExpires})
	}
	return append(events, event.RefundClosed{Returned: returned, Remainder: remainder, At: cmd.At}), nil
}

// number tells whether a receipt is one: free text would rest in clear.
func number(receipt string) bool {
	_, err := identity.ParseSerial(receipt)
	return err == nil
}

// FailureCauses are the codes by which a bank says why it could not pay.
func FailureCauses() []string {
	return []string{"mismatch-name", "mismatch-account", "mismatch-amount", "not-found", "closed", "technical"}
}

// failed keeps the notice open: the bank tries again.
func failed(p Procedure, cmd ReportFailed) ([]event.RefundEvent, error) {
	pay, err := payable(p, cmd.Payment, cmd.Bank)
	switch {
	case err != nil:
		return nil, err
	case !slices.Contains(FailureCauses(), cmd.Cause):
		return nil, ErrCause.At("/failureCause")
	case pay.Done:
		return nil, ErrPaidAlready
	case pay.FailedCause == cmd.Cause:
		return nil, nil // told before
	}
	return []event.RefundEvent{event.RefundFailed{Payment: pay.ID, Cause: cmd.Cause, At: cmd.At}}, nil
}
