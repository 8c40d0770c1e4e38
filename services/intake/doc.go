// Package intake takes in reports of fraud (接警), hands out the receipt
// (受案回执), classifies the case and files it (立案).
//
// What it hears, decides and says (test/tidy checks this table against the code):
//
//	hears  PaymentDiscovered                     -> Report           -> FraudReportReceived, VictimIdentified, LossTransferDeclared, IntakeReceiptIssued, FraudTypeClassified
//	REST   POST /v1/reports                      -> Report           -> as above
//	REST   POST /v1/cases/{case}/transfers       -> DeclareTransfer  -> LossTransferDeclared
//	REST   POST /v1/cases/{case}/classification  -> Classify         -> FraudTypeClassified
//	REST   POST /v1/cases/{case}/filing-proposal -> ProposeFiling    -> CaseFilingProposed
//	REST   POST /v1/cases/{case}/filing          -> FileCase         -> CaseFiled
//	REST   POST /v1/cases/{case}/filing-refusal  -> DeclineFiling    -> CaseFilingDeclined
//
// To find a rule, read internal/domain/decide.go: it has all of them, and it
// imports nothing that can wait, fail or tell the time.
package intake
