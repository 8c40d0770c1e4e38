//go:build !unix

package main

import "os/exec"

// together does nothing where there are no groups of processes.
func together(*exec.Cmd) {}

// end does nothing where there are no groups of processes.
func end(*exec.Cmd) {}
