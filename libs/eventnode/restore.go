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
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// What a backup can be refused for.
var (
	// ErrBackup is wrapped by the two that follow.
	ErrBackup = errors.New("the backup is of no use")
	// ErrBackupCut is returned by Restore for a backup that is not there to its end.
	ErrBackupCut = fmt.Errorf("%w: it is cut off", ErrBackup)
	// ErrBackupDamaged is returned by Restore for a backup that is not what was
	// written.
	ErrBackupDamaged = fmt.Errorf("%w: it is damaged", ErrBackup)
)

// ErrOccupied is returned by Restore for a directory that holds something.
var ErrOccupied = errors.New("the directory is not empty")

const (
	maxManifest    = 64 << 20
	restoringInfix = ".restoring-"
)

// Restore writes the store of a backup into cfg.Dir, which must be empty or not
// exist, and proves it as Check does. Nothing of a restore that did not succeed is
// left. Of cfg only Dir and Logger matter.
func Restore(ctx context.Context, archive io.Reader, cfg Config) (report Report, err error) {
	if cfg.Dir == "" {
		return Report{}, ErrNoDir
	}
	dir, err := vacated(cfg.Dir)
	if err != nil {
		return Report{}, err
	}
	parent := filepath.Dir(dir)
	_, missing := os.Stat(parent)
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return Report{}, err
	}
	if missing != nil {
		defer func() {
			if err != nil {
				_ = os.Remove(parent) // unless somebody has put something there
			}
		}()
	}
	temporary, err := os.MkdirTemp(parent, filepath.Base(dir)+restoringInfix)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }() // it has another name by then, or is to go
	manifest, err := unpack(ctx, archive, temporary)
	if err != nil {
		return Report{}, err
	}
	check := Config{Dir: temporary, Logger: cfg.Logger}
	if check.Logger == nil {
		check.Logger = slog.New(slog.DiscardHandler)
	}
	if report, err = Check(ctx, check); err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrBackupDamaged, err)
	}
	if report.Last != manifest.Last {
		return Report{}, fmt.Errorf("%w: its last event is at %d in place of %d", ErrBackupDamaged, report.Last, manifest.Last)
	}
	if err := syncDir(temporary); err != nil {
		return Report{}, err
	}
	if err := os.Rename(temporary, dir); err != nil {
		return Report{}, err
	}
	return report, syncDir(parent)
}

// vacated is where a store is to be put: the directory itself, not a link to it. An
// empty one makes room at once, since some cannot, such as the root of a volume.
func vacated(dir string) (string, error) {
	target, err := filepath.EvalSymlinks(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return filepath.Clean(dir), nil
	case err != nil:
		return "", err
	}
	entries, err := os.ReadDir(target)
	switch {
	case err != nil:
		return "", err
	case len(entries) > 0:
		return "", fmt.Errorf("%w: %s", ErrOccupied, dir)
	}
	if err := os.Remove(target); err != nil {
		return "", fmt.Errorf("%w: %s cannot be replaced; a directory within it can be made", ErrOccupied, dir)
	}
	return target, nil
}

// ReadManifest reads a backup to its end, proves it as far as that can be done
// without restoring it, and tells what it says of itself.
func ReadManifest(ctx context.Context, archive io.Reader) (Manifest, error) {
	return unpack(ctx, archive, "")
}

// unpack writes the files of a backup into a directory, or nowhere, and compares
// them with the manifest that comes last.
func unpack(ctx context.Context, archive io.Reader, dir string) (Manifest, error) {
	members := tar.NewReader(&patient{ctx: ctx, Reader: archive})
	var found []BackupFile
	for {
		header, err := members.Next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return Manifest{}, ErrBackupCut
		case errors.Is(err, tar.ErrHeader):
			return Manifest{}, fmt.Errorf("%w: %w", ErrBackupDamaged, err)
		case err != nil:
			return Manifest{}, err
		case header.Typeflag != tar.TypeReg || !plain(header.Name):
			return Manifest{}, fmt.Errorf("%w: it has a member that is no file of a store", ErrBackupDamaged)
		}
		if header.Name == manifestName {
			return conclude(members, found)
		}
		file, err := unpackFile(members, header, dir)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return Manifest{}, fmt.Errorf("%w, in %s", ErrBackupCut, header.Name)
		}
		if err != nil {
			return Manifest{}, err
		}
		found = append(found, file)
	}
}

// plain is the name of a file in the directory itself.
func plain(name string) bool {
	return name != "" && !strings.HasPrefix(name, ".") && !strings.ContainsAny(name, `/\:`) && filepath.IsLocal(name)
}

func unpackFile(content io.Reader, header *tar.Header, dir string) (file BackupFile, err error) {
	hash := sha256.New()
	var out io.Writer = hash
	if dir != "" {
		var f *os.File
		f, err = os.OpenFile(filepath.Join(dir, header.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return file, fmt.Errorf("%w: %s comes twice", ErrBackupDamaged, header.Name)
		}
		if err != nil {
			return file, err
		}
		defer func() {
			if err == nil {
				err = f.Sync()
			}
			err = errors.Join(err, f.Close())
		}()
		out = io.MultiWriter(f, hash)
	}
	n, err := io.Copy(out, content)
	return BackupFile{Name: header.Name, Bytes: n, SHA256: hex.EncodeToString(hash.Sum(nil))}, err
}

// conclude reads the manifest, which nothing follows.
func conclude(members *tar.Reader, found []BackupFile) (manifest Manifest, err error) {
	text, err := io.ReadAll(io.LimitReader(members, maxManifest))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return Manifest{}, ErrBackupCut
	}
	if err != nil {
		return Manifest{}, err
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return Manifest{}, fmt.Errorf("%w: manifest: %w", ErrBackupDamaged, err)
	}
	sum, err := manifest.sum()
	switch {
	case err != nil:
		return Manifest{}, err
	case manifest.Format != backupFormat || manifest.Layout < oldestLayout || manifest.Layout > layoutVersion:
		return Manifest{}, fmt.Errorf("%w: format %d, layout %d; known are %d and %d", ErrBackup,
			manifest.Format, manifest.Layout, backupFormat, layoutVersion)
	case sum != manifest.Sum:
		return Manifest{}, fmt.Errorf("%w: the manifest differs from its sum", ErrBackupDamaged)
	case len(found) != len(manifest.Files):
		return Manifest{}, fmt.Errorf("%w: %d files in place of %d", ErrBackupDamaged, len(found), len(manifest.Files))
	}
	for i, want := range manifest.Files {
		if found[i] != want {
			return Manifest{}, fmt.Errorf("%w: %s differs from its sum", ErrBackupDamaged, want.Name)
		}
	}
	if _, err := members.Next(); !errors.Is(err, io.EOF) {
		return Manifest{}, fmt.Errorf("%w: something follows the manifest", ErrBackupDamaged)
	}
	return manifest, nil
}
