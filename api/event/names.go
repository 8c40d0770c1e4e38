package event

// The tables below are the contract: stored name to type, one line each.

// CaseCodec reads and writes [CaseEvent].
func CaseCodec() Codec[CaseEvent] {
	return newCodec(
		stored("fraud-report-received.v1", func(e FraudReportReceived) CaseEvent { return e }),
		stored("victim-identified.v1", func(e VictimIdentified) CaseEvent { return e }),
		stored("loss-transfer-declared.v1", func(e LossTransferDeclared) CaseEvent { return e }),
		stored("intake-receipt-issued.v1", func(e IntakeReceiptIssued) CaseEvent { return e }),
		stored("fraud-type-classified.v1", func(e FraudTypeClassified) CaseEvent { return e }),
		stored("case-filing-proposed.v1", func(e CaseFilingProposed) CaseEvent { return e }),
		stored("case-filed.v1", func(e CaseFiled) CaseEvent { return e }),
		stored("case-filing-declined.v1", func(e CaseFilingDeclined) CaseEvent { return e }),
	)
}

// AlertCodec reads and writes [AlertEvent].
func AlertCodec() Codec[AlertEvent] {
	return newCodec(
		stored("warning-order-imported.v1", func(e WarningOrderImported) AlertEvent { return e }),
		stored("warning-graded.v1", func(e WarningGraded) AlertEvent { return e }),
		stored("warning-dispatched.v1", func(e WarningDispatched) AlertEvent { return e }),
		stored("warning-signed.v1", func(e WarningSigned) AlertEvent { return e }),
		stored("contact-attempted.v1", func(e ContactAttempted) AlertEvent { return e }),
		stored("dissuasion-delivered.v1", func(e DissuasionDelivered) AlertEvent { return e }),
		stored("payment-discovered.v1", func(e PaymentDiscovered) AlertEvent { return e }),
		stored("warning-breached.v1", func(e WarningBreached) AlertEvent { return e }),
		stored("warning-closed.v1", func(e WarningClosed) AlertEvent { return e }),
	)
}

// PursuitCodec reads and writes [PursuitEvent].
func PursuitCodec() Codec[PursuitEvent] {
	return newCodec(
		stored("pursuit-opened.v1", func(e PursuitOpened) PursuitEvent { return e }),
		stored("downstream-account-found.v1", func(e DownstreamAccountFound) PursuitEvent { return e }),
		stored("transfer-traced.v1", func(e TransferTraced) PursuitEvent { return e }),
		stored("freeze-proposed.v1", func(e FreezeProposed) PursuitEvent { return e }),
		stored("freeze-approved.v1", func(e FreezeApproved) PursuitEvent { return e }),
	)
}

// ApprovalCodec reads and writes [ApprovalEvent].
func ApprovalCodec() Codec[ApprovalEvent] {
	return newCodec(
		stored("standing-approval-granted.v1", func(e StandingApprovalGranted) ApprovalEvent { return e }),
		stored("standing-approval-revoked.v1", func(e StandingApprovalRevoked) ApprovalEvent { return e }),
	)
}

// AccountCodec reads and writes [AccountEvent].
func AccountCodec() Codec[AccountEvent] {
	return newCodec(
		stored("stop-requested.v1", func(e StopRequested) AccountEvent { return e }),
		stored("stop-approved.v1", func(e StopApproved) AccountEvent { return e }),
		stored("stop-rejected.v1", func(e StopRejected) AccountEvent { return e }),
		stored("order-sent.v1", func(e OrderSent) AccountEvent { return e }),
		stored("stop-executed.v1", func(e StopExecuted) AccountEvent { return e }),
		stored("stop-failed.v1", func(e StopFailed) AccountEvent { return e }),
		stored("stop-lapsed.v1", func(e StopLapsed) AccountEvent { return e }),
		stored("stop-lifted.v1", func(e StopLifted) AccountEvent { return e }),
		stored("bank-discrepancy-found.v1", func(e BankDiscrepancyFound) AccountEvent { return e }),
		stored("statement-received.v1", func(e StatementReceived) AccountEvent { return e }),
		stored("inflow-traced.v1", func(e InflowTraced) AccountEvent { return e }),
		stored("funds-attributed.v1", func(e FundsAttributed) AccountEvent { return e }),
		stored("freeze-requested.v1", func(e FreezeRequested) AccountEvent { return e }),
		stored("freeze-executed.v1", func(e FreezeExecuted) AccountEvent { return e }),
		stored("freeze-queued.v1", func(e FreezeQueued) AccountEvent { return e }),
		stored("freeze-failed.v1", func(e FreezeFailed) AccountEvent { return e }),
		stored("freeze-lapsed.v1", func(e FreezeLapsed) AccountEvent { return e }),
		stored("frozen-funds-returned.v1", func(e FrozenFundsReturned) AccountEvent { return e }),
	)
}

// RefundCodec reads and writes [RefundEvent].
func RefundCodec() Codec[RefundEvent] {
	return newCodec(
		stored("refund-opened.v1", func(e RefundOpened) RefundEvent { return e }),
		stored("victim-informed-of-freeze.v1", func(e VictimInformedOfFreeze) RefundEvent { return e }),
		stored("refund-applied.v1", func(e RefundApplied) RefundEvent { return e }),
		stored("flow-table-compiled.v1", func(e FlowTableCompiled) RefundEvent { return e }),
		stored("refund-plan-proposed.v1", func(e RefundPlanProposed) RefundEvent { return e }),
		stored("public-notice-posted.v1", func(e PublicNoticePosted) RefundEvent { return e }),
		stored("public-notice-ended.v1", func(e PublicNoticeEnded) RefundEvent { return e }),
		stored("refund-objection-filed.v1", func(e RefundObjectionFiled) RefundEvent { return e }),
		stored("refund-objection-decided.v1", func(e RefundObjectionDecided) RefundEvent { return e }),
		stored("refund-report-submitted.v1", func(e RefundReportSubmitted) RefundEvent { return e }),
		stored("refund-approved.v1", func(e RefundApproved) RefundEvent { return e }),
		stored("refund-rejected.v1", func(e RefundRejected) RefundEvent { return e }),
		stored("assist-notice-served.v1", func(e AssistNoticeServed) RefundEvent { return e }),
		stored("refund-executed.v1", func(e RefundExecuted) RefundEvent { return e }),
		stored("refund-failed.v1", func(e RefundFailed) RefundEvent { return e }),
		stored("remainder-kept-frozen.v1", func(e RemainderKeptFrozen) RefundEvent { return e }),
		stored("refund-closed.v1", func(e RefundClosed) RefundEvent { return e }),
	)
}

// Codecs reads and writes any event of any set, for those who read the whole
// log.
func Codecs() Codec[Event] {
	all := newCodec[Event]()
	merge(all, CaseCodec())
	merge(all, AlertCodec())
	merge(all, PursuitCodec())
	merge(all, ApprovalCodec())
	merge(all, AccountCodec())
	merge(all, RefundCodec())
	return all
}
