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
		stored("first-order-overdue.v1", func(e FirstOrderOverdue) PursuitEvent { return e }),
		stored("order-refused.v1", func(e OrderRefused) PursuitEvent { return e }),
		stored("plaintext-viewed.v1", func(e PlaintextViewed) PursuitEvent { return e }),
	)
}

// ApprovalCodec reads and writes [ApprovalEvent].
func ApprovalCodec() Codec[ApprovalEvent] {
	return newCodec(
		stored("standing-approval-granted.v1", func(e StandingApprovalGranted) ApprovalEvent { return e }),
		stored("standing-approval-revoked.v1", func(e StandingApprovalRevoked) ApprovalEvent { return e }),
		stored("standing-approval-narrowed.v1", func(e StandingApprovalNarrowed) ApprovalEvent { return e }),
		stored("standing-approval-expired.v1", func(e StandingApprovalExpired) ApprovalEvent { return e }),
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
		stored("stop-expiry-warned.v1", func(e StopExpiryWarned) AccountEvent { return e }),
		stored("lift-requested.v1", func(e LiftRequested) AccountEvent { return e }),
		stored("stop-narrowed.v1", func(e StopNarrowed) AccountEvent { return e }),
		stored("stop-raise-requested.v1", func(e StopRaiseRequested) AccountEvent { return e }),
		stored("stop-raised.v1", func(e StopRaised) AccountEvent { return e }),
		stored("lift-failed.v1", func(e LiftFailed) AccountEvent { return e }),
		stored("lift-overdue.v1", func(e LiftOverdue) AccountEvent { return e }),
		stored("paper-order-registered.v1", func(e PaperOrderRegistered) AccountEvent { return e }),
		stored("paper-order-reconciled.v1", func(e PaperOrderReconciled) AccountEvent { return e }),
		stored("paper-order-expired.v1", func(e PaperOrderExpired) AccountEvent { return e }),
		stored("prior-restraint-found.v1", func(e PriorRestraintFound) AccountEvent { return e }),
		stored("stop-answer-corrected.v1", func(e StopAnswerCorrected) AccountEvent { return e }),
		stored("order-delivery-failed.v1", func(e OrderDeliveryFailed) AccountEvent { return e }),
		stored("freeze-renewal-requested.v1", func(e FreezeRenewalRequested) AccountEvent { return e }),
		stored("freeze-renewed.v1", func(e FreezeRenewed) AccountEvent { return e }),
		stored("freeze-release-requested.v1", func(e FreezeReleaseRequested) AccountEvent { return e }),
		stored("freeze-lifted.v1", func(e FreezeLifted) AccountEvent { return e }),
		stored("freeze-partially-released.v1", func(e FreezePartiallyReleased) AccountEvent { return e }),
		stored("freeze-follow-up-failed.v1", func(e FreezeFollowUpFailed) AccountEvent { return e }),
		stored("freeze-promoted.v1", func(e FreezePromoted) AccountEvent { return e }),
		stored("freeze-expiry-warned.v1", func(e FreezeExpiryWarned) AccountEvent { return e }),
		stored("frozen-funds-transferred.v1", func(e FrozenFundsTransferred) AccountEvent { return e }),
		stored("holder-notified.v1", func(e HolderNotified) AccountEvent { return e }),
		stored("holder-notice-deferred.v1", func(e HolderNoticeDeferred) AccountEvent { return e }),
		stored("objection-filed.v1", func(e ObjectionFiled) AccountEvent { return e }),
		stored("objection-accepted.v1", func(e ObjectionAccepted) AccountEvent { return e }),
		stored("objection-decided.v1", func(e ObjectionDecided) AccountEvent { return e }),
		stored("objection-overdue.v1", func(e ObjectionOverdue) AccountEvent { return e }),
		stored("wrong-stop-confirmed.v1", func(e WrongStopConfirmed) AccountEvent { return e }),
		stored("disproportion-found.v1", func(e DisproportionFound) AccountEvent { return e }),
		stored("unrelated-proven.v1", func(e UnrelatedProven) AccountEvent { return e }),
		stored("outflows-attributed.v1", func(e OutflowsAttributed) AccountEvent { return e }),
		stored("counterparty-found.v1", func(e CounterpartyFound) AccountEvent { return e }),
		stored("attribution-method-chosen.v1", func(e AttributionMethodChosen) AccountEvent { return e }),
		stored("manual-attribution-proposed.v1", func(e ManualAttributionProposed) AccountEvent { return e }),
		stored("manual-attribution-rejected.v1", func(e ManualAttributionRejected) AccountEvent { return e }),
		stored("account-query-requested.v1", func(e AccountQueryRequested) AccountEvent { return e }),
		stored("account-query-answered.v1", func(e AccountQueryAnswered) AccountEvent { return e }),
	)
}

// ProtectiveCodec reads and writes [ProtectiveEvent].
func ProtectiveCodec() Codec[ProtectiveEvent] {
	return newCodec(
		stored("protective-stop-requested.v1", func(e ProtectiveStopRequested) ProtectiveEvent { return e }),
		stored("protective-stop-approved.v1", func(e ProtectiveStopApproved) ProtectiveEvent { return e }),
		stored("protective-stop-rejected.v1", func(e ProtectiveStopRejected) ProtectiveEvent { return e }),
		stored("protective-order-sent.v1", func(e ProtectiveOrderSent) ProtectiveEvent { return e }),
		stored("protective-stop-applied.v1", func(e ProtectiveStopApplied) ProtectiveEvent { return e }),
		stored("protective-stop-failed.v1", func(e ProtectiveStopFailed) ProtectiveEvent { return e }),
		stored("protective-renewal-requested.v1", func(e ProtectiveRenewalRequested) ProtectiveEvent { return e }),
		stored("protective-exemption-granted.v1", func(e ProtectiveExemptionGranted) ProtectiveEvent { return e }),
		stored("protective-release-requested.v1", func(e ProtectiveReleaseRequested) ProtectiveEvent { return e }),
		stored("protective-stop-lifted.v1", func(e ProtectiveStopLifted) ProtectiveEvent { return e }),
		stored("protective-stop-lapsed.v1", func(e ProtectiveStopLapsed) ProtectiveEvent { return e }),
		stored("protective-subject-notified.v1", func(e ProtectiveSubjectNotified) ProtectiveEvent { return e }),
		stored("protective-lift-requested.v1", func(e ProtectiveLiftRequested) ProtectiveEvent { return e }),
		stored("protective-objection-filed.v1", func(e ProtectiveObjectionFiled) ProtectiveEvent { return e }),
		stored("protective-objection-decided.v1", func(e ProtectiveObjectionDecided) ProtectiveEvent { return e }),
		stored("protective-objection-overdue.v1", func(e ProtectiveObjectionOverdue) ProtectiveEvent { return e }),
	)
}

// ShieldCodec reads and writes [ShieldEvent].
func ShieldCodec() Codec[ShieldEvent] {
	return newCodec(
		stored("protective-account-claimed.v1", func(e ProtectiveAccountClaimed) ShieldEvent { return e }),
		stored("protective-account-freed.v1", func(e ProtectiveAccountFreed) ShieldEvent { return e }),
	)
}

// DeskCodec reads and writes [DeskEvent].
func DeskCodec() Codec[DeskEvent] {
	return newCodec(
		stored("stray-answer-received.v1", func(e StrayAnswerReceived) DeskEvent { return e }),
		stored("stray-answers-dropped.v1", func(e StrayAnswersDropped) DeskEvent { return e }),
		stored("bank-unreachable.v1", func(e BankUnreachable) DeskEvent { return e }),
		stored("bank-reachable.v1", func(e BankReachable) DeskEvent { return e }),
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
	merge(all, ProtectiveCodec())
	merge(all, ShieldCodec())
	merge(all, DeskCodec())
	merge(all, RefundCodec())
	return all
}
