// Package tidy checks the shape of the repository: who may import whom, which
// rooms a service has, how long a file may grow, and that the lists in the docs
// are the truth about the code.
//
// Every check is a function from what was found to a list of complaints. The
// tests hold each against the repository, where it must stay silent, and
// against a planted violation, where it must speak.
//
// The tests read files outside their own module, which the test cache does not
// watch: run them with -count=1, as make test does.
package tidy
