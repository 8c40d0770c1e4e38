package eventnode

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// Groups of users with a meaning of their own. All other names of groups are for
// the access lists of streams.
const (
	// GroupAdmins may do everything.
	GroupAdmins = "$admins"
	// GroupOps may manage persistent subscriptions and scavenge; $-streams and $all
	// are not theirs to read.
	GroupOps = "$ops"
	// GroupMonitors may read /metrics. A user who is in no other group may do
	// nothing else.
	GroupMonitors = "$monitors"
)

// MaxPasswordBytes is the longest password: bcrypt hears no more of it.
const MaxPasswordBytes = 72

const (
	usersLookedAt  = time.Second
	maxUsersBytes  = 1 << 20
	passwordEffort = 11 // about 0.1 s; once per client and ten minutes
)

// ErrUsers is returned for a file of users that cannot be used, and for names and
// passwords that cannot be written into one.
var ErrUsers = errors.New("the users of the event node are of no use")

// user is one line of the file: name:bcrypt[:group,group].
type user struct {
	name   string
	hash   []byte
	groups []string
}

func (u user) in(group string) bool { return slices.Contains(u.groups, group) }

// directory is who may call the node.
type directory struct {
	users  *watched[map[string]user]
	memory *memory
}

func openDirectory(path string, log *slog.Logger) (*directory, error) {
	users, err := watch("users", usersLookedAt, log, func() (map[string]user, error) {
		all, err := readUsers(path)
		if err == nil && len(all) == 0 {
			err = fmt.Errorf("%w: the file is empty", ErrUsers)
		}
		return all, err
	}, path)
	if errors.Is(err, ErrUsers) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsers, err)
	}
	return &directory{users: users, memory: newMemory()}, nil
}

// authenticate tells who calls. The answer to a wrong name and to a wrong password
// takes the same work.
func (d *directory) authenticate(ctx context.Context, from, name, password string) (user, error) {
	all := d.users.get()
	u, known := all[name]
	hash := u.hash
	if !known || len(password) > MaxPasswordBytes {
		known, hash = false, hardest(all)
	}
	key := d.memory.key(name, password, hash)
	if known && d.memory.verified(key) {
		return u, nil
	}
	return u, d.memory.attempt(ctx, from, key, func() bool {
		match := bcrypt.CompareHashAndPassword(hash, []byte(clipped(password))) == nil
		return match && known
	})
}

// hardest is the hash that takes the most work to compare with.
func hardest(all map[string]user) []byte {
	var hash []byte
	most := -1
	for _, u := range all {
		if cost, err := bcrypt.Cost(u.hash); err == nil && cost > most {
			hash, most = u.hash, cost
		}
	}
	return hash
}

func clipped(password string) string { return password[:min(len(password), MaxPasswordBytes)] }

// readUsers reads a file as htpasswd -B writes it, with groups in a third field.
// Who has none is in the group of an EventStoreDB's own users: admin and ops.
func readUsers(path string) (map[string]user, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(text) > maxUsersBytes {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrUsers, maxUsersBytes)
	}
	all := make(map[string]user)
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		u, wrong := parseUser(line)
		if _, twice := all[u.name]; twice && wrong == "" {
			wrong = "a name comes twice"
		}
		if wrong != "" {
			return nil, fmt.Errorf("%w: line %d: %s", ErrUsers, n, wrong)
		}
		all[u.name] = u
	}
	return all, lines.Err()
}

// parseUser reads one line, or says what is wrong with it.
func parseUser(line string) (u user, wrong string) {
	fields := strings.Split(line, ":")
	if len(fields) < 2 || len(fields) > 3 || fields[0] == "" {
		return user{}, "it is not name:hash or name:hash:groups"
	}
	u = user{name: fields[0], hash: []byte(fields[1])}
	if _, err := bcrypt.Cost(u.hash); err != nil {
		return user{}, "the hash is not one of bcrypt"
	}
	switch {
	case len(fields) == 3 && fields[2] != "":
		u.groups = strings.Split(fields[2], ",")
	case len(fields) == 3:
	case u.name == "admin":
		u.groups = []string{GroupAdmins}
	case u.name == "ops":
		u.groups = []string{GroupOps}
	}
	for _, group := range u.groups {
		if wrong := wrongGroup(group); wrong != "" {
			return user{}, wrong
		}
	}
	return u, ""
}

// wrongGroup says why a group has no meaning. A name with $ that is not known is
// most likely a known one, misspelt.
func wrongGroup(group string) string {
	switch {
	case group == GroupAdmins || group == GroupOps || group == GroupMonitors:
	case strings.HasPrefix(group, "$"):
		return fmt.Sprintf("the group %q is not known; with $ begin %s, %s and %s alone", group, GroupAdmins, GroupOps, GroupMonitors)
	}
	return ""
}

// SetUser writes a user into the file, which is made if there is none: a new one,
// or a known one with another password and other groups. Nodes that use the file
// notice within a second; what has been verified before stays so no longer.
func SetUser(file, name, password string, groups ...string) error {
	switch {
	case name == "" || strings.ContainsAny(name, ":,#$ \t\r\n"):
		return fmt.Errorf("%w: the name is empty or has a character that it cannot have", ErrUsers)
	case password == "" || len(password) > MaxPasswordBytes:
		return fmt.Errorf("%w: a password has 1 to %d bytes", ErrUsers, MaxPasswordBytes)
	}
	for _, group := range groups {
		if group == "" || strings.ContainsAny(group, ":, \t\r\n") {
			return fmt.Errorf("%w: a group is empty or has a character that it cannot have", ErrUsers)
		}
		if wrong := wrongGroup(group); wrong != "" {
			return fmt.Errorf("%w: %s", ErrUsers, wrong)
		}
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), passwordEffort)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUsers, err)
	}
	return changeUsers(file, func(all map[string]user) error {
		all[name] = user{name: name, hash: hash, groups: groups}
		return nil
	})
}

// ErrNoUser is returned by RemoveUser for a name that the file does not have.
var ErrNoUser = errors.New("there is no such user")

// RemoveUser takes a user out of the file.
func RemoveUser(file, name string) error {
	return changeUsers(file, func(all map[string]user) error {
		if _, known := all[name]; !known {
			return ErrNoUser
		}
		delete(all, name)
		return nil
	})
}

// changeUsers reads the file, changes what it says and writes it whole, in order
// of names. Comments are not kept.
func changeUsers(file string, change func(map[string]user) error) error {
	all, err := readUsers(file)
	if errors.Is(err, fs.ErrNotExist) {
		all, err = make(map[string]user), nil
	}
	if err == nil {
		err = change(all)
	}
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(all)) {
		u := all[name]
		fmt.Fprintf(&text, "%s:%s:%s\n", u.name, u.hash, strings.Join(u.groups, ","))
	}
	return replaceFile(file, text.Bytes(), 0o600)
}
