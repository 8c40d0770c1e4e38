// Package event has every event that the services store: the published
// contract of the city. What a service appends is what all others, the views
// and the auditors read; there is no second, private form.
//
// The sets are sealed, one per stream category:
//
//	case-<caseId>         CaseEvent      intake
//	alert-<alertId>       AlertEvent     warning
//	pursuit-<caseId>      PursuitEvent   stoppayment
//	account-<accountId>   AccountEvent   stoppayment
//	approval-<unit>       ApprovalEvent  stoppayment (standing approvals of a unit)
//	protective-<id>       ProtectiveEvent  stoppayment (protective stops of a person's own accounts)
//	shield-<accountID>    ShieldEvent    stoppayment (which protective stop has an account, and how long it was held)
//	bank-<bankCode>       DeskEvent      stoppayment (strays and reachability of one bank)
//	refund-<procedureId>  RefundEvent    refund
//
// A stored name ("stop-executed.v1") and its fields never change. A new need is
// a v2 beside it and an upcaster in the codec; the golden samples under
// samples/ are decoded by a test for ever. Amounts are whole fen, times UTC.
// Personal data appears only inside a [seal.Box].
package event
