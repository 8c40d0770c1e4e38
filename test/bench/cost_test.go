package bench_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// cost is what this process has used up since it began: the time of the cores,
// user's and system's together, and what was allocated. Unlike rates it hardly
// depends on what else the machine does.
type cost struct {
	cores   time.Duration
	bytes   uint64
	objects uint64
}

func spent(t *testing.T) cost {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return cost{time.Duration(used.Utime.Nano() + used.Stime.Nano()), memory.TotalAlloc, memory.Mallocs}
}

// tell prints what each of so many has cost since another moment.
func (c cost) tell(t *testing.T, since cost, of int) {
	t.Helper()
	n := uint64(of) //nolint:gosec // a number of orders
	t.Logf("each cost %v of a core, %d KiB and %d objects allocated", (c.cores-since.cores)/time.Duration(of),
		(c.bytes-since.bytes)/n>>10, (c.objects-since.objects)/n)
}
