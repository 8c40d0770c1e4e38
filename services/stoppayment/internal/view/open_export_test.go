package view

// OpenQueries are the queries that have to be answered from what is open alone,
// with how many arguments each takes.
func OpenQueries() map[string]int {
	return map[string]int{forBank: 2, toSend: 2, banksToSend: 0, openByBank: 0}
}
