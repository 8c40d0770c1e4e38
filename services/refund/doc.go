// Package refund returns frozen money to its victims by the original route
// (原路退还): one procedure for each frozen account of a case.
//
// What it hears, decides and says (test/tidy checks this table against the code):
//
//	hears  FreezeExecuted                                         -> Open             -> RefundOpened
//	REST   POST /v1/refunds/{procedure}/victim-notice             -> InformVictim     -> VictimInformedOfFreeze
//	REST   POST /v1/refunds/{procedure}/application               -> Apply            -> RefundApplied
//	REST   POST /v1/refunds/{procedure}/flow-table                -> CompileFlowTable -> FlowTableCompiled
//	REST   POST /v1/refunds/{procedure}/plan                      -> ProposePlan      -> RefundPlanProposed
//	REST   POST /v1/refunds/{procedure}/public-notice             -> PostNotice       -> PublicNoticePosted
//	clock  end of the public notice                               -> EndNotice        -> PublicNoticeEnded
//	REST   POST /v1/refunds/{procedure}/objections                -> FileObjection    -> RefundObjectionFiled
//	REST   POST /v1/refunds/{procedure}/objections/{objection}/decision -> DecideObjection -> RefundObjectionDecided
//	REST   POST /v1/refunds/{procedure}/report                    -> SubmitReport     -> RefundReportSubmitted
//	REST   POST /v1/refunds/{procedure}/approval                  -> Approve          -> RefundApproved
//	REST   POST /v1/refunds/{procedure}/rejection                 -> Reject           -> RefundRejected
//	REST   POST /v1/refunds/{procedure}/assist-notice             -> ServeNotice      -> AssistNoticeServed
//	REST   POST /v1/bank/refund-notices/{notice}/answer           -> ReportPaid       -> RefundExecuted, RemainderKeptFrozen, RefundClosed
//	REST   POST /v1/bank/refund-notices/{notice}/answer           -> ReportFailed     -> RefundFailed
//
// To find a rule, read internal/domain/decide*.go: they have all of them, and
// import nothing that can wait, fail or tell the time. The formula of a
// proportional refund is internal/domain/allocate.go.
package refund
