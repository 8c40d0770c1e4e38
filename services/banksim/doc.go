// Package banksim is a banking network to run a city against: banks with exact
// ledgers that speak to the city over its bank-facing HTTP API alone, launderers
// that move money by a seed, and a player that has the officers of a scenario act
// by REST until the money is back on the victim's own account.
//
// It hears nothing from the log and says nothing to it. It is a development
// service and never part of a city's deployment.
package banksim
