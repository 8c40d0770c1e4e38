package main

// Run is the program after it was started, for tests.
var Run = run
