// Package warning takes in warning orders (预警), grades them by the city's
// table, dispatches them to stations, keeps what was tried and said to the
// subject, and watches the clocks of signing and first contact. A subject who
// has paid already is a victim: his case opens by itself.
//
// What it hears, decides and says (test/tidy checks this table against the code):
//
//	REST   POST /v1/alerts                     -> Import          -> WarningOrderImported, WarningGraded
//	REST   POST /v1/alerts/{alert}/dispatch    -> Dispatch        -> WarningDispatched
//	REST   POST /v1/alerts/{alert}/signature   -> Sign            -> WarningSigned
//	REST   POST /v1/alerts/{alert}/contacts    -> Contact         -> ContactAttempted
//	REST   POST /v1/alerts/{alert}/dissuasion  -> Dissuade        -> DissuasionDelivered
//	REST   POST /v1/alerts/{alert}/payment     -> DiscoverPayment -> PaymentDiscovered
//	REST   POST /v1/alerts/{alert}/closing     -> Close           -> WarningClosed
//	clock  sign, contact                       -> Breach          -> WarningBreached
//
// To find a rule, read internal/domain/decide.go: it has all of them, and it
// imports nothing that can wait, fail or tell the time.
package warning
