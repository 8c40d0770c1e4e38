// Package stoppayment chases the money of a reported fraud through the banks:
// it orders stops (紧急止付), follows each bank's answer to the next accounts
// (延伸止付), keeps whose money is where (权属), and freezes once the case is
// filed (冻结).
//
// What it hears, decides and says (test/tidy checks this table against the code):
//
//	hears  FraudReportReceived     -> OpenPursuit   -> PursuitOpened
//	hears  LossTransferDeclared    -> Trace         -> DownstreamAccountFound, TransferTraced
//	hears  DownstreamAccountFound  -> RequestStop   -> StopRequested, StopApproved, InflowTraced, FundsAttributed
//	hears  TransferTraced          -> TraceInflow   -> InflowTraced, FundsAttributed, BankDiscrepancyFound
//	hears  FundsAttributed         -> Trace         -> DownstreamAccountFound, TransferTraced
//	hears  CaseFiled               -> NoteFiling    -> FreezeProposed
//	hears  FreezeApproved          -> RequestFreeze -> FreezeRequested
//	hears  RefundExecuted          -> NoteReturn    -> FrozenFundsReturned
//	REST   POST /v1/standing-approvals                                -> GrantStanding  -> StandingApprovalGranted
//	REST   POST /v1/standing-approvals/{approval}/revocation          -> RevokeStanding -> StandingApprovalRevoked
//	REST   POST /v1/pursuits/{case}/orders                            -> OrderStop      -> DownstreamAccountFound
//	REST   POST /v1/pursuits/{case}/freeze                            -> ApproveFreeze  -> FreezeApproved
//	REST   POST /v1/accounts/{account}/orders/{order}/approval        -> ApproveStop    -> StopApproved
//	REST   POST /v1/accounts/{account}/orders/{order}/rejection       -> RejectStop     -> StopRejected
//	REST   POST /v1/accounts/{account}/orders/{order}/second-stop     -> SecondStop     -> StopRequested, StopApproved
//	bank   POST /v1/bank/orders/{order}/receipt                       -> MarkSent       -> OrderSent
//	bank   POST /v1/bank/orders/{order}/answer (stop)                 -> AnswerStop     -> StopExecuted, StopFailed, StatementReceived, FundsAttributed, BankDiscrepancyFound
//	bank   POST /v1/bank/orders/{order}/answer (freeze)               -> AnswerFreeze   -> FreezeExecuted, FreezeQueued, FreezeFailed, StopLifted, BankDiscrepancyFound
//	clock  end of the 48 hours     -> ExpireStop    -> StopLapsed
//	clock  end of the freeze       -> ExpireFreeze  -> FreezeLapsed
//
// To find a rule, read internal/domain: decide_stop.go, decide_freeze.go,
// decide_pursuit.go and ledger.go have all of them, and import nothing that can
// wait, fail or tell the time.
package stoppayment
