package access

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/yuanlu/yuanlu/libs/rule"
)

// ErrRoleNotAllowed refuses what is not this person's to do.
var ErrRoleNotAllowed = rule.New("role-not-allowed",
	"当前用户的角色无权执行此操作", "this person's role does not allow it", "").As(rule.Forbidden)

// caller is what the middleware found out: a person, or why there is none.
type caller struct {
	person Person
	err    error
}

type callerKey struct{}

// With returns a context in which the person is calling. Services use it for what
// they do by themselves.
func With(ctx context.Context, p Person) context.Context {
	return context.WithValue(ctx, callerKey{}, caller{person: p})
}

// From tells who is calling, if that is known.
func From(ctx context.Context) (Person, bool) {
	c, ok := ctx.Value(callerKey{}).(caller)
	return c.person, ok && c.err == nil
}

// Authenticate reads the bearer token of each request and puts the person into
// its context. It refuses nobody by itself: [Require] does, where a person is
// needed.
func Authenticate(i *Issuer) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var c caller
			token, err := bearer(r.Header)
			if err == nil {
				c.person, err = i.Verify(token)
			}
			c.err = err
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
		})
	}
}

// bearer takes the token from the one Authorization header. Two are refused: it
// would be a guess which of them others have looked at.
func bearer(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", ErrNoToken
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", ErrBadToken
	}
	return token, nil
}

// Require returns who is calling, if they have one of the roles; without roles,
// anyone who is known. The errors are [ErrNoToken], [ErrBadToken], [ErrExpired]
// and [ErrRoleNotAllowed].
func Require(ctx context.Context, roles ...Role) (Person, error) {
	c, ok := ctx.Value(callerKey{}).(caller)
	switch {
	case !ok:
		return Person{}, ErrNoToken
	case c.err != nil:
		return Person{}, c.err
	case len(roles) > 0 && !slices.Contains(roles, c.person.Role):
		return Person{}, ErrRoleNotAllowed
	}
	return c.person, nil
}
