package eventnode

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrBackingUp is returned by Backup while another one is under way.
var ErrBackingUp = errors.New("the event node is being backed up already")

const (
	backupFormat   = 1
	manifestName   = "manifest.json"
	backupPrefix   = "unfinished-backup-" // of directories inside the store's
	backupProgress = time.Minute
)

// Manifest is the last member of a backup. A backup without it is cut off.
type Manifest struct {
	Format  int          `json:"format"`
	Layout  uint64       `json:"layout"` // of the store
	Last    uint64       `json:"last"`   // position of the last event
	Created time.Time    `json:"created"`
	Files   []BackupFile `json:"files"`
	Sum     string       `json:"sum"` // SHA-256 of the manifest with an empty sum, in hex
}

// BackupFile is one file of a backup.
type BackupFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// sum is the hash of all that the manifest says.
func (m Manifest) sum() (string, error) {
	m.Sum = ""
	text, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(text)
	return hex.EncodeToString(hash[:]), nil
}

// Backup writes a tar archive of the store to w while the node works on: all that
// was acknowledged before the call, and whatever of the log follows it without a
// gap. It needs room for copies of the write-ahead log and of what compactions
// replace meanwhile. Before it writes anything it proves the checksums of all that
// it is going to write. It returns ErrDamaged, with the name of the file, if they
// are wrong, ErrFull if there is no room, and ErrBackingUp if another backup is
// under way.
func (n *Node) Backup(ctx context.Context, w io.Writer) (manifest Manifest, err error) {
	if !n.desk.enter() {
		return Manifest{}, ErrClosed
	}
	defer n.desk.leave()
	select {
	case n.copying <- struct{}{}:
		defer func() { <-n.copying }()
	default:
		return Manifest{}, ErrBackingUp
	}
	ctx, cancel := n.untilClosed(ctx)
	defer cancel()
	defer func() {
		result := map[bool]string{true: "done", false: "ended_early"}[err == nil]
		n.meters.backups.WithLabelValues(result).Inc()
		if err == nil {
			n.meters.backedUp.Set(float64(time.Now().Unix()))
		}
	}()
	files := n.store.fs.Unwrap() // what fails here is a backup that fails, not the store
	promised := n.promises()
	dir := files.PathJoin(n.store.dir, backupPrefix+time.Now().UTC().Format("20060102T150405.000000000"))
	defer func() { err = errors.Join(err, files.RemoveAll(dir)) }()
	if err := n.checkpoint(dir); err != nil {
		return Manifest{}, promised.cause(files, n.store.dir, err)
	}
	if manifest.Last, err = promised.keptBy(ctx, files, dir); err != nil {
		return Manifest{}, err
	}
	manifest.Format, manifest.Layout, manifest.Created = backupFormat, layoutVersion, n.now().UTC()
	archive := tar.NewWriter(w)
	names, err := files.List(dir)
	if err != nil {
		return Manifest{}, err
	}
	slices.Sort(names)
	for _, name := range names {
		if ofStore(name) {
			file, err := pack(ctx, archive, files, dir, name)
			if err != nil {
				return Manifest{}, fmt.Errorf("back up %s: %w", name, err)
			}
			manifest.Files = append(manifest.Files, file)
		}
	}
	if err := sign(archive, &manifest); err != nil {
		return Manifest{}, err
	}
	return manifest, archive.Close()
}

// untilClosed is a context that ends with the node, too.
func (n *Node) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-n.stopping:
			cancel(ErrClosed)
		case <-n.store.failure.done:
			cancel(n.store.failure.err)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// checkpoint makes a second store of the same files.
func (n *Node) checkpoint(dir string) error {
	if n.store.space.refusal() != nil {
		return ErrFull
	}
	if err := n.Err(); err != nil {
		return err
	}
	// What was acknowledged is in the write-ahead log and synced; flushing makes
	// the rest of the log whole. An engine that has failed does not come back.
	done := make(chan error, 1)
	go func() {
		n.store.logs.copying.Lock() // a scavenge removes no log meanwhile
		defer n.store.logs.copying.Unlock()
		done <- n.store.engine().Checkpoint(dir, pebble.WithFlushedWAL())
	}()
	select {
	case err := <-done:
		if isFull(err) {
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
		if err != nil {
			return fmt.Errorf("checkpoint: %w", damagedData(err))
		}
	case <-n.store.failure.done:
		return n.store.failure.err
	}
	return nil
}

// lastOf opens a store that nobody else uses, without changing it.
func lastOf(dir string, files vfs.FS) (uint64, error) {
	db, err := pebble.Open(dir, &pebble.Options{
		FS: files, ReadOnly: true, FormatMajorVersion: pebble.FormatNewest, Logger: quiet{}, DisableTableStats: true,
		EventListener: &pebble.EventListener{DataCorruption: func(pebble.DataCorruptionInfo) {}}, // without, it is fatal
	})
	if err != nil {
		return 0, fmt.Errorf("open the checkpoint: %w", damagedData(err))
	}
	last, err := lastPosition(db)
	return last, errors.Join(damagedData(err), db.Close())
}

// quiet is a logger of the engine that says nothing and does not end the process.
type quiet struct{}

// Infof says nothing.
func (quiet) Infof(string, ...any) {}

// Errorf says nothing: the caller gets the error.
func (quiet) Errorf(string, ...any) {}

// Fatalf ends what the engine cannot go on with.
func (quiet) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// ofStore leaves out the lock, which the engine makes anew.
func ofStore(name string) bool { return name != "LOCK" }

// pack adds one file to the archive.
func pack(ctx context.Context, archive *tar.Writer, files vfs.FS, dir, name string) (file BackupFile, err error) {
	f, err := files.Open(files.PathJoin(dir, name))
	if err != nil {
		return file, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return file, err
	}
	err = archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), Format: tar.FormatPAX})
	if err != nil {
		return file, err
	}
	hash := sha256.New()
	if _, err = io.Copy(io.MultiWriter(archive, hash), &patient{ctx: ctx, Reader: f}); err != nil {
		return file, err
	}
	return BackupFile{Name: name, Bytes: info.Size(), SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}

// patient is a reader that ends with its context.
type patient struct {
	ctx context.Context //nolint:containedctx // it belongs to one copy
	io.Reader
}

// Read reads on.
func (p *patient) Read(b []byte) (int, error) {
	if p.ctx.Err() != nil {
		return 0, context.Cause(p.ctx)
	}
	return p.Reader.Read(b)
}

// sign adds the manifest.
func sign(archive *tar.Writer, manifest *Manifest) error {
	var err error
	if manifest.Sum, err = manifest.sum(); err != nil {
		return err
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	err = archive.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(text)), Format: tar.FormatPAX})
	if err != nil {
		return err
	}
	_, err = archive.Write(text)
	return err
}

// sweepBackups removes what an unfinished backup has left. The files in it are
// second names of files of the store, or copies.
func sweepBackups(dir string, files vfs.FS) error {
	names, err := files.List(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		path := files.PathJoin(dir, name)
		info, err := files.Stat(path)
		if err == nil && info.IsDir() && strings.HasPrefix(name, backupPrefix) {
			errs = append(errs, files.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}

// serveBackup sends a backup. One that ends early ends the connection, too: the
// caller does not take it for whole.
func (n *Node) serveBackup(w http.ResponseWriter, r *http.Request) {
	out := &progressing{ResponseWriter: w, control: http.NewResponseController(w)}
	_, err := n.Backup(r.Context(), out)
	switch {
	case err == nil:
	case out.begun:
		n.log.Warn("backup ended early", slog.Any("error", err))
		panic(http.ErrAbortHandler)
	case errors.Is(err, ErrBackingUp):
		http.Error(w, err.Error(), http.StatusConflict)
	case errors.Is(err, ErrFull):
		n.log.Warn("no backup", slog.Any("error", err))
		http.Error(w, ErrFull.Error(), http.StatusServiceUnavailable)
	case errors.Is(err, ErrDamaged) && !errors.Is(err, ErrStorage):
		n.log.Error("no backup", slog.Any("error", err))
		text := err.Error() // names a log, or the file of the next
		if _, ok := errors.AsType[*damage](err); ok {
			text = damagedRecord(err).text
		}
		http.Error(w, text, http.StatusInternalServerError)
	default:
		n.log.Error("no backup", slog.Any("error", err))
		http.Error(w, "there is no backup", http.StatusServiceUnavailable)
	}
}

// progressing is an answer whose reader must take some of it now and then: until
// it is read, the backup holds files that the store wants to be rid of.
type progressing struct {
	http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

// Write sends the next part.
func (p *progressing) Write(b []byte) (int, error) {
	if !p.begun {
		p.Header().Set("Content-Type", "application/x-tar")
		p.begun = true
	}
	if err := p.control.SetWriteDeadline(time.Now().Add(backupProgress)); err != nil {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}
