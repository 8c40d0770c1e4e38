package host_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/test/bench/log/internal/host"
)

func TestMemoryIsReadFromTheStatusOfAProcess(t *testing.T) {
	const status = "Name:\tlog\nVmPeak:\t 9 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nRssAnon:\t     512 kB\nThreads:\t7\n"
	got, err := host.ParseMemory([]byte(status))
	if want := (host.Memory{Resident: 1 << 20, Peak: 2 << 20, Own: 1 << 19}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := host.ParseMemory([]byte("VmRSS:\t 1 kB\n")); err == nil {
		t.Error("a status without the peak was read")
	}
}

func TestCPUTimeIsReadWhateverTheProcessIsCalled(t *testing.T) {
	const stat = "17 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 9"
	got, err := host.ParseCPU([]byte(stat))
	if want := 2 * time.Second; err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := host.ParseCPU([]byte("17 (a) S 1")); err == nil {
		t.Error("half a line was read")
	}
}

func TestThisVeryProcessCanBeLookedAt(t *testing.T) {
	m, err := host.MemoryOf(os.Getpid())
	if err != nil || m.Resident == 0 || m.Peak < m.Resident {
		t.Errorf("memory %+v, %v", m, err)
	}
	if _, err := host.CPUOf(os.Getpid()); err != nil {
		t.Error(err)
	}
}

func TestTheSizeOfADirectoryIsThatOfItsFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "below/two"} {
		f, err := os.Create(filepath.Join(dir, name)) //nolint:gosec // in the test's own directory
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(make([]byte, 1<<16)); err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil { // blocks may be given out late
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	n, err := host.SizeOf(dir)
	if err != nil || n < 2<<16 || n > 4<<16 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := host.Forget(dir); err != nil {
		t.Error(err)
	}
}

func TestAFileThatIsDeletedMeanwhileIsLeftOut(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"first", "second"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	err := host.EachFile(dir, func(name string) error {
		if _, err := os.Stat(name); err != nil {
			return err
		}
		seen++
		return os.Remove(filepath.Join(dir, "second"))
	})
	if err != nil || seen != 1 {
		t.Errorf("%d files seen, %v", seen, err)
	}
	if _, err := host.SizeOf(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
}
