// Package casebook shows one case's whole history over all services (卷宗回放),
// as known at any instant, and the amounts of the case, folded from that
// history. It decides nothing and stores no event.
//
// What it hears, decides and says (test/tidy checks this table against the code):
//
//	hears  every event of every service          -> a row of the history
//	REST   GET /v1/histories/{case}              -> the events, in log order
//	REST   GET /v1/histories/streams             -> the streams, also those of no case
//	REST   GET /v1/histories/streams/{stream}    -> one stream's events
//	REST   GET /v1/figures/{case}                -> the amounts
//
// What belongs to a history is decided in internal/view/ties.go, how amounts come
// about in internal/domain/fold.go.
package casebook
