// Package stoppayment chases the money of a reported fraud through the banks:
// it orders stops (紧急止付), follows each bank's answer to the next accounts
// (延伸止付), keeps whose money is where (权属), freezes once the case is filed
// (冻结), and gives holders their remedies (救济).
//
// What it hears, decides and says (test/tidy checks this table against the code):
//
//	hears  FraudReportReceived                                                           -> OpenPursuit          -> PursuitOpened
//	hears  LossTransferDeclared                                                          -> Trace                -> DownstreamAccountFound, TransferTraced
//	hears  DownstreamAccountFound                                                        -> RequestStop          -> StopRequested, StopApproved, InflowTraced, FundsAttributed, PriorRestraintFound
//	hears  DownstreamAccountFound                                                        -> NoteRefused          -> OrderRefused
//	hears  TransferTraced                                                                -> TraceInflow          -> InflowTraced, FundsAttributed, BankDiscrepancyFound, StopRaiseRequested
//	REST   GET /v1/pursuits/{case}/flow (unmasked)                                       -> NotePlaintext        -> PlaintextViewed
//	REST   GET /v1/accounts/{account}/objections/{objection} (unmasked)                  -> NotePlaintext        -> PlaintextViewed
//	REST   POST /v1/orders/approvals (by itself, a raise)                                 -> ApproveRaise         -> StopApproved
//	hears  FundsAttributed                                                               -> Trace                -> DownstreamAccountFound, TransferTraced
//	hears  DownstreamAccountFound                                                        -> NameDebits           -> CounterpartyFound, FundsAttributed
//	hears  FundsAttributed                                                               -> NameDebits           -> CounterpartyFound, FundsAttributed
//	hears  OutflowsAttributed                                                            -> Trace                -> as above
//	hears  CaseFiled                                                                     -> NoteFiling           -> FreezeProposed
//	hears  FreezeApproved                                                                -> RequestFreeze        -> FreezeRequested
//	hears  RefundExecuted                                                                -> NoteReturn           -> FrozenFundsReturned
//	REST   POST /v1/standing-approvals                                                   -> GrantStanding        -> StandingApprovalGranted
//	REST   POST /v1/standing-approvals/{approval}/narrowing                              -> NarrowStanding       -> StandingApprovalNarrowed
//	REST   POST /v1/standing-approvals/{approval}/revocation                             -> RevokeStanding       -> StandingApprovalRevoked
//	REST   POST /v1/pursuits/{case}/orders                                               -> OrderStop            -> DownstreamAccountFound
//	REST   POST /v1/pursuits/{case}/orders (at once)                                     -> RequestStop          -> StopRequested, StopApproved
//	REST   POST /v1/pursuits/{case}/orders (the account refuses)                         -> NoteRefused          -> OrderRefused
//	REST   POST /v1/pursuits/{case}/paper-orders                                         -> RegisterPaper        -> PaperOrderRegistered
//	REST   POST /v1/pursuits/{case}/paper-orders/{registration}/papers                   -> ReconcilePaper       -> PaperOrderReconciled
//	REST   POST /v1/pursuits/{case}/freeze                                               -> ApproveFreeze        -> FreezeApproved
//	REST   POST /v1/pursuits/{case}/accounts/{account}/unrelated                         -> ProveUnrelated       -> UnrelatedProven, LiftRequested, FreezeReleaseRequested
//	REST   POST /v1/orders/approvals                                                     -> ApproveStop          -> StopApproved
//	REST   POST /v1/accounts/{account}/orders/{order}/approval                           -> ApproveStop          -> StopApproved
//	REST   POST /v1/accounts/{account}/orders/{order}/rejection                          -> RejectStop           -> StopRejected
//	REST   POST /v1/accounts/{account}/orders/{order}/second-stop                        -> SecondStop           -> StopRequested, StopApproved
//	REST   POST /v1/accounts/{account}/orders/{order}/lift                               -> RequestLift          -> LiftRequested, StopRejected
//	REST   POST /v1/accounts/{account}/orders/{order}/narrowing                          -> NarrowMeasure        -> LiftRequested, FreezeReleaseRequested
//	REST   POST /v1/accounts/{account}/orders/{order}/renewal                            -> RequestRenewal       -> FreezeRenewalRequested
//	REST   POST /v1/accounts/{account}/orders/{order}/release                            -> RequestRelease       -> FreezeReleaseRequested
//	REST   POST /v1/accounts/{account}/orders/{order}/court-transfer                     -> TransferByCourt      -> FrozenFundsTransferred
//	REST   POST /v1/accounts/{account}/orders/{order}/objections                         -> FileObjection        -> ObjectionFiled, ObjectionDecided
//	REST   POST /v1/accounts/{account}/objections/{objection}/acceptance                 -> AcceptObjection      -> ObjectionAccepted
//	REST   POST /v1/accounts/{account}/objections/{objection}/decision                   -> DecideObjection      -> ObjectionDecided, LiftRequested, FreezeReleaseRequested
//	REST   POST /v1/accounts/{account}/orders/{order}/notices                            -> NotifyHolder         -> HolderNotified
//	REST   POST /v1/accounts/{account}/orders/{order}/notice-deferral                    -> DeferNotice          -> HolderNoticeDeferred
//	REST   POST /v1/accounts/{account}/orders/{order}/wrong-stop                         -> ConfirmWrongStop     -> WrongStopConfirmed, LiftRequested
//	REST   POST /v1/accounts/{account}/attributions/method                               -> ChooseMethod         -> AttributionMethodChosen, FundsAttributed
//	REST   POST /v1/accounts/{account}/attributions/proposals                            -> ProposeManual        -> ManualAttributionProposed
//	REST   POST /v1/accounts/{account}/attributions/proposals/{proposal}/confirmation    -> ConfirmManual        -> FundsAttributed, ManualAttributionRejected
//	REST   POST /v1/accounts/{account}/attributions/proposals/{proposal}/rejection       -> RejectManual         -> ManualAttributionRejected
//	REST   POST /v1/accounts/{account}/queries                                           -> RequestQuery         -> AccountQueryRequested
//	REST   POST /v1/protective-stops                                                     -> RequestProtective    -> ProtectiveStopRequested
//	REST   POST /v1/protective-stops (each account)                                      -> ClaimAccount         -> ProtectiveAccountClaimed
//	REST   POST /v1/protective-stops (refused, or over)                                  -> UnclaimAccount       -> ProtectiveAccountFreed
//	REST   POST /v1/protective-stops/{protective}/objections                             -> FileProtectiveObjection -> ProtectiveObjectionFiled, ProtectiveObjectionDecided
//	REST   POST /v1/protective-stops/{protective}/objections/{objection}/decision        -> DecideProtectiveObjection -> ProtectiveObjectionDecided, ProtectiveReleaseRequested
//	REST   POST /v1/protective-stops/{protective}/approval                               -> ApproveProtective    -> ProtectiveStopApproved
//	REST   POST /v1/protective-stops/{protective}/rejection                              -> RejectProtective     -> ProtectiveStopRejected
//	REST   POST /v1/protective-stops/{protective}/renewal                                -> RenewProtective      -> ProtectiveRenewalRequested
//	REST   POST /v1/protective-stops/{protective}/exemptions                             -> ExemptProtective     -> ProtectiveExemptionGranted
//	REST   POST /v1/protective-stops/{protective}/release                                -> ReleaseProtective    -> ProtectiveReleaseRequested
//	REST   POST /v1/protective-stops/{protective}/notices                                -> NotifySubject        -> ProtectiveSubjectNotified
//	bank   POST /v1/bank/orders/{order}/receipt                                          -> MarkSent             -> OrderSent
//	bank   POST /v1/bank/orders/{order}/receipt (protective)                             -> ProtectiveSent       -> ProtectiveOrderSent
//	bank   POST /v1/bank/orders/{order}/answer (stop)                                    -> AnswerStop           -> StopExecuted, StopFailed, StopAnswerCorrected, StatementReceived, FundsAttributed, BankDiscrepancyFound, PriorRestraintFound, LiftRequested, StopRaiseRequested
//	bank   POST /v1/bank/orders/{order}/answer (stop, out of proportion)                 -> AnswerStop           -> DisproportionFound
//	bank   POST /v1/bank/orders/{order}/answer (more rows)                               -> AddRows              -> StatementReceived, FundsAttributed, BankDiscrepancyFound
//	bank   POST /v1/bank/orders/{order}/answer (lift, narrowing, raise)                  -> AnswerStopChange     -> StopLifted, StopNarrowed, StopRaised, LiftFailed, StopFailed, BankDiscrepancyFound, LiftRequested
//	bank   POST /v1/bank/orders/{order}/answer (freeze)                                  -> AnswerFreeze         -> FreezeExecuted, FreezeQueued, FreezeFailed, StopLifted, BankDiscrepancyFound, FreezePromoted, FreezeReleaseRequested, StopRejected, LiftRequested
//	bank   POST /v1/bank/orders/{order}/answer (renewal, release)                        -> AnswerFollowUp       -> FreezeRenewed, FreezeLifted, FreezePartiallyReleased, FreezeFollowUpFailed, FreezePromoted, BankDiscrepancyFound, FreezeReleaseRequested
//	bank   POST /v1/bank/orders/{order}/answer (query)                                   -> AnswerQuery          -> AccountQueryAnswered, StatementReceived, FundsAttributed, BankDiscrepancyFound, LiftRequested, DisproportionFound, PriorRestraintFound
//	bank   POST /v1/bank/orders/{order}/answer (protective)                              -> AnswerProtective     -> ProtectiveStopApplied, ProtectiveStopFailed, ProtectiveStopLifted, ProtectiveLiftRequested
//	bank   POST /v1/bank/orders/{order}/objections (protective)                          -> FileProtectiveObjection -> ProtectiveObjectionFiled, ProtectiveObjectionDecided
//	bank   POST /v1/bank/orders/{order}/answer (not its own)                             -> NoteStray            -> StrayAnswerReceived, StrayAnswersDropped
//	bank   POST /v1/bank/orders/{order}/objections                                       -> FileObjection        -> ObjectionFiled, ObjectionDecided
//	bank   POST /v1/machine/answers                                                      -> AnswerStop           -> as above
//	clock  30 minutes after the report                                                   -> NoteOverdue          -> FirstOrderOverdue
//	clock  24, 6, 1 hours before the end of a stop                                       -> WarnStop             -> StopExpiryWarned
//	clock  end of the 48 hours                                                           -> ExpireStop           -> StopLapsed, LiftRequested
//	clock  term to lift                                                                  -> LiftLate             -> LiftOverdue
//	clock  term of the papers                                                            -> ExpirePaper          -> PaperOrderExpired, LiftRequested, StopRejected
//	clock  a statement lacks parts                                                       -> ExpireStatement      -> BankDiscrepancyFound
//	clock  an attribution lacks parts                                                    -> ContinueAttribution  -> OutflowsAttributed
//	clock  30, 7, 1 days before the end of a freeze                                      -> WarnFreeze           -> FreezeExpiryWarned
//	clock  end of the freeze                                                             -> ExpireFreeze         -> FreezeLapsed, FreezePromoted, FreezeReleaseRequested
//	clock  end of another agency's freeze                                                -> PromoteQueued        -> FreezePromoted
//	clock  term to release                                                               -> ReleaseOverdue       -> LiftOverdue
//	clock  term of an objection                                                          -> ObjectionDue         -> ObjectionOverdue
//	clock  3 days to tell the owner                                                      -> NoticeDue            -> LiftOverdue
//	clock  end of a standing approval                                                    -> ExpireStanding       -> StandingApprovalExpired
//	clock  end of a protective 48 hours                                                  -> ExpireProtected      -> ProtectiveStopLapsed
//	clock  cap of a protective stop                                                      -> CapReached           -> ProtectiveStopLapsed, ProtectiveReleaseRequested
//	clock  a bank holds on after the end, or could not lift (protective)                 -> LiftAgain            -> ProtectiveLiftRequested
//	clock  term of an objection (protective)                                             -> ProtectiveObjectionDue -> ProtectiveObjectionOverdue
//	clock  a bank is asked again to lift or release                                      -> RepeatOrder          -> LiftRequested, FreezeReleaseRequested
//	clock  an approved order, by the machine channel                                     -> MarkSent             -> OrderSent
//	clock  an order that the channel cannot deliver                                      -> NoteUndelivered      -> OrderDeliveryFailed
//	clock  a bank's machine that does not answer                                         -> NoteUnreachable      -> BankUnreachable
//	clock  a bank's machine that answers again                                           -> NoteReachable        -> BankReachable
//
// To find a rule, read internal/domain: a stop is in decide_stop.go,
// decide_lift.go, scope.go and decide_paper.go, a freeze in decide_freeze.go,
// decide_renewal.go and decide_release.go, the chase in decide_pursuit.go, whose
// money it is in ledger.go, attribution.go and statement.go, the holder's remedies
// in objection.go, notice.go and proportion.go. None of it can wait, fail or tell
// the time. What acts outside is internal/app/channel, the banks' machines;
// internal/app/race plays the whole against launderers.
package stoppayment
