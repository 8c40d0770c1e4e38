package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/yuanlu/yuanlu/libs/access"
)

const (
	defaultServer = "http://127.0.0.1:8080"
	// answerBytes bounds what is read of one answer.
	answerBytes = 64 << 20
	// answerWithin bounds how long one answer takes.
	answerWithin = time.Minute
)

// server is a running city as this command sees it.
type server struct {
	base  *url.URL
	token string
	http  *http.Client
}

// serverFlag adds the flag --server.
func serverFlag(cmd *cobra.Command) *string {
	address := os.Getenv("YUANLU_SERVER")
	if address == "" {
		address = defaultServer
	}
	return cmd.Flags().String("server", address, "address of the city (YUANLU_SERVER)")
}

// parseServer reads the address of a city.
func parseServer(address string) (*url.URL, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("%w: --server 须为 is http(s)://host:port", errUsage)
	}
	return base, nil
}

// connect finds a token: the one given, the environment's, or in a
// demonstration the one that anyone gets.
func connect(ctx context.Context, address, token string) (*server, error) {
	base, err := parseServer(address)
	if err != nil {
		return nil, err
	}
	s := &server{base: base, token: token, http: &http.Client{Timeout: answerWithin}}
	if s.token == "" {
		s.token = os.Getenv("YUANLU_TOKEN")
	}
	if s.token != "" {
		return s, nil
	}
	body, err := json.Marshal(access.Person{User: "yuanlu-replay", Role: access.Auditor})
	if err != nil {
		return nil, err
	}
	var out struct {
		Token string `json:"token"`
	}
	err = s.ask(ctx, http.MethodPost, "/v1/demo/tokens", nil, body, &out)
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		return nil, fmt.Errorf("须提供令牌 a token is needed: --token, YUANLU_TOKEN (yuanlu token --help)")
	}
	s.token = out.Token
	return s, err
}

// refusal is a problem that the city answered with.
type refusal struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Title   string `json:"title"`
	TitleEN string `json:"titleEn"`
}

// Error gives the rule in both languages.
func (r *refusal) Error() string {
	return fmt.Sprintf("%s %s (%s, %d)", r.Title, r.TitleEN, r.Code, r.Status)
}

// Unwrap tells which exit code a refusal means.
func (r *refusal) Unwrap() error {
	switch r.Status {
	case http.StatusNotFound:
		return errNotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		return errConflict
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return errUsage
	}
	return nil
}

// ask asks the city and reads its answer into out.
func (s *server) ask(ctx context.Context, method, path string, query url.Values, body []byte, out any) error {
	answer, err := s.fetch(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("不是原路服务 this is not a city: %w", err)
	}
	return nil
}

// fetch asks the city and returns its answer as it is.
func (s *server) fetch(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	target := s.base.JoinPath(path)
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	request.Header.Set("Accept", "application/json, application/problem+json")
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	response, err := s.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("无法连接 the city cannot be reached (yuanlu run?): %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it is read or given up
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("回答不完整 the answer broke off: %w", err)
	case len(answer) > answerBytes:
		return nil, errors.New("回答过大 the answer is too large")
	case response.StatusCode >= http.StatusBadRequest:
		refused := &refusal{}
		if json.Unmarshal(answer, refused) != nil || refused.Code == "" {
			return nil, fmt.Errorf("不是原路服务 this is not a city: %s", strings.TrimSpace(response.Status))
		}
		refused.Status = response.StatusCode
		return nil, refused
	}
	return answer, nil
}
