//go:build !race

package bus_test

// raced is true when the race detector is on.
const raced = false
