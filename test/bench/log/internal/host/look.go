package host

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Memory is what a process holds, in bytes.
type Memory struct {
	Resident uint64 // now: VmRSS
	Peak     uint64 // the most there has been: VmHWM
	Own      uint64 // now, without the pages of files such as the program: RssAnon
}

// MemoryOf looks at the memory of a process.
func MemoryOf(pid int) (Memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, err
	}
	return parseMemory(text)
}

func parseMemory(status []byte) (Memory, error) {
	var m Memory
	fields := map[string]*uint64{"VmRSS:": &m.Resident, "VmHWM:": &m.Peak, "RssAnon:": &m.Own}
	for line := range strings.Lines(string(status)) {
		words := strings.Fields(line)
		if len(words) != 3 || words[2] != "kB" {
			continue
		}
		field, ok := fields[words[0]]
		if !ok {
			continue
		}
		kib, err := strconv.ParseUint(words[1], 10, 64)
		if err != nil {
			return Memory{}, err
		}
		*field = kib << 10
		delete(fields, words[0])
	}
	if len(fields) > 0 {
		return Memory{}, fmt.Errorf("the status of the process lacks %d fields", len(fields))
	}
	return m, nil
}

// ticksPerSecond is the unit of CPU time in /proc; it is 100 on every Linux that
// Go runs on.
const ticksPerSecond = 100

// CPUOf is the CPU time that a process has used so far.
func CPUOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return parseCPU(text)
}

func parseCPU(stat []byte) (time.Duration, error) {
	// The name in parentheses may contain anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const user, system = 11, 12 // counted from the field after the name
	if len(fields) <= system {
		return 0, fmt.Errorf("%d fields in the state of a process", len(fields))
	}
	var ticks uint64
	for _, n := range []int{user, system} {
		t, err := strconv.ParseUint(fields[n], 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += t
	}
	return time.Duration(ticks) * (time.Second / ticksPerSecond), nil
}

// OwnCPU is the CPU time that this process has used so far.
func OwnCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
