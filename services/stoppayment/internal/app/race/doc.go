// Package race lets the rules of stop-payment race against launderers in virtual
// time. It plays frauds of libs/banknet/gang; the decisions are those of the
// domain's own deciders and of the service's process manager, event by event.
// Only what carries events from one to the next is replaced, by a latency.
//
// What is raced, against whom and what the table says is in docs/race.md.
package race
