// Package yuanlu is the product's command (原路): a whole city in one process,
// demonstrations against a running city, and the replay of a case's history.
//
//	yuanlu run         a whole city: event store, five services, one address
//	yuanlu demo        plays a scenario against a running city, by REST only
//	yuanlu replay      prints a case's or a stream's history and verifies its chain
//	yuanlu eventstore  the event store alone
//	yuanlu token       issues a bearer token with the city's own key
//	yuanlu version     what was built, with what
//
// Data goes to standard output, progress to standard error. Exit codes: 0 done,
// 1 failed, 2 usage, 3 not found, 4 conflict. Each subcommand is one file of
// internal/command.
package yuanlu
