// Package host starts the processes beside the benchmark, looks at them, and says
// what kind of machine this is. It knows Linux.
package host

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

// ErrAbsent says that a server is not installed on this machine.
var ErrAbsent = errors.New("not on this machine")

const stopPatience = 45 * time.Second

// Process is a server in a process of its own.
type Process struct {
	server.Ready
	Started time.Time // when the process was begun
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
}

// Start runs this very program again as a server of the given kind in a
// directory, which is made if need be, and returns when it can be used. What it
// has to say goes to the file dir + ".log".
func Start(ctx context.Context, kind server.Kind, dir string) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Clean(dir)+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own
	// Not bound to the context: a server is stopped in order, also after Ctrl-C.
	p := &Process{command: exec.Command(self, server.Word, string(kind), dir)} //nolint:gosec,noctx // itself
	p.command.Stderr = log
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us
	if p.input, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.output = bufio.NewReader(out)
	p.Started = time.Now()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	if err := p.await(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", kind, err), p.Stop())
	}
	return p, nil
}

// await reads what the process says when it is ready.
func (p *Process) await(ctx context.Context) error {
	said := make(chan error, 1)
	go func() {
		line, err := p.output.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &p.Ready)
		}
		said <- err
	}()
	select {
	case err := <-said:
		switch {
		case err != nil:
			return fmt.Errorf("it ended before it was ready: %w", err)
		case p.Absent != "":
			return fmt.Errorf("%w: %s", ErrAbsent, p.Absent)
		case p.Error != "":
			return errors.New(p.Error)
		}
		return nil
	case <-ctx.Done():
		_ = p.input.Close() // that is how it is told to stop
		return errors.Join(ctx.Err(), <-said)
	}
}

// Do gives the process a command and waits until it is done.
func (p *Process) Do(command string) error {
	if _, err := fmt.Fprintln(p.input, command); err != nil {
		return err
	}
	answer, err := p.output.ReadString('\n')
	if err != nil {
		return err
	}
	if answer != "ok\n" {
		return errors.New(answer)
	}
	return nil
}

// Stop lets the server end in order, and kills it if it does not.
func (p *Process) Stop() error {
	_ = p.input.Close() // may be closed already
	killer := time.AfterFunc(stopPatience, func() { _ = p.command.Process.Kill() })
	defer killer.Stop()
	if err := p.command.Wait(); err != nil {
		return fmt.Errorf("%s of the benchmark: %w", p.command.Args[2], err)
	}
	return nil
}

// Kill ends the process as a crash would.
func (p *Process) Kill() error {
	err := p.command.Process.Kill()
	if wait := p.command.Wait(); err == nil && wait == nil {
		err = errors.New("it had ended before it was killed")
	}
	return err
}

// PID is the id of the process.
func (p *Process) PID() int { return p.command.Process.Pid }
