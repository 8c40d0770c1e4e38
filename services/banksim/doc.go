// Package banksim is a banking network to run a city against: banks with exact
// ledgers (libs/banknet) that speak to the city by desk or by machine, rightly or
// wrongly, launderers that move money by a seed, a crowd that has nothing to do
// with it, and a player that has the officers of a scenario act by REST until the
// money is back on the victim's own account.
//
// It hears nothing from the log and says nothing to it. It is a development
// service and never part of a city's deployment.
package banksim
