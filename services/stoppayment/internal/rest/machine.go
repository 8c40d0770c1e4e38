package rest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/problem"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
	"golang.org/x/sync/errgroup"
)

const (
	// machineWithin bounds how long a machine may take to send its message.
	machineWithin = 20 * time.Second
	// answering is how many orders of a batch of answers are worked on at once.
	answering = 16
)

// bankRoutes show officers how banks do, and are the doors for banks' machines:
// what is behind those was signed by a bank's key.
func (a API) bankRoutes(api huma.API, op func(method, path, id, summary string, status int) huma.Operation) {
	huma.Register(api, op("GET", "/v1/banks", "list-banks", "银行通道与待办 How banks can be reached, and what they still have to do", http.StatusOK), a.banks)
	huma.Register(api, op("GET", "/v1/discrepancies", "list-discrepancies", "反馈差异 What does not fit in what banks say, newest first", http.StatusOK), a.discrepancies)
	api.OpenAPI().Components.SecuritySchemes["signature"] = &huma.SecurityScheme{Type: "http", Scheme: "signature", Description: "RFC 9421, see docs/machine-channel.md"}
	signed := func(o huma.Operation) huma.Operation {
		o.Security = []map[string][]string{{"signature": {}}}
		o.MaxBodyBytes = channel.MaxBody
		o.Middlewares = huma.Middlewares{a.proven}
		return o
	}
	schemas := api.OpenAPI().Components.Schemas
	m := machine{a, schemas, schemas.Schema(reflect.TypeFor[bank.Answer](), false, "Answer")}
	huma.Register(api, signed(op("GET", "/v1/machine/orders", "list-machine-orders", "机器通道：待办指令 Open orders of the signing bank", http.StatusOK)), m.orders)
	huma.Register(api, signed(op("POST", "/v1/machine/answers", "answer-machine-orders", "机器通道：批量反馈 Answer many orders", http.StatusOK)), m.answers)
}

// proven lets a request in whose signature is right, and signs the answer.
func (a API) proven(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(machineWithin)) // not all writers of tests can
	door := channel.Door{
		Verifier: a.verifier, Signer: a.App.City.Channels.Signer,
		Refuse: func(w http.ResponseWriter, r *http.Request, err error) { problem.Refuse(r.Context(), w, err) },
	}
	door.Open(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = connection.SetReadDeadline(time.Time{}) // as above
		if m, _ := channel.From(r.Context()); len(m.Body) > 0 {
			if err := service.CheckJSON(m.Body); err != nil {
				problem.Refuse(r.Context(), w, err)
				return
			}
		}
		next(humago.NewContext(hc.Operation(), r, w))
	})).ServeHTTP(w, r)
}

// Message writes an order as its bank gets it, with names and numbers opened.
func (a API) Message(ctx context.Context, row view.Row) (bank.Order, error) {
	return a.message(ctx, row)
}

// verifier is the city's, or one that trusts nobody.
func verifier(c service.Channels) *channel.Verifier {
	if c.Verifier != nil {
		return c.Verifier
	}
	return channel.NewVerifier(channel.Keys{}, time.Now)
}

// machine answers what is behind the doors.
type machine struct {
	API

	schemas huma.Registry
	schema  *huma.Schema // of an answer
}

func (m machine) orders(ctx context.Context, in *bankOrdersInput) (*bankOrdersOutput, error) {
	from, _ := channel.From(ctx)
	rows, err := service.LongPoll(ctx, in.Wait, func() <-chan struct{} { return m.Orders.NewsFor(identity.BankCode(from.Owner)) }, func(ctx context.Context) ([]view.Row, error) {
		return m.Orders.ForBank(ctx, identity.BankCode(from.Owner), in.Limit)
	})
	if err != nil {
		return nil, err
	}
	return m.ordersFor(ctx, rows)
}

type machineAnswersInput struct {
	Body struct {
		Items []machineAnswer `json:"items" minItems:"1" maxItems:"200"`
	}
}

// machineAnswer is a [bank.OrderAnswer] of which the answer itself is looked at
// by itself, so that a wrong one spoils no other.
type machineAnswer struct {
	ApplicationID string          `json:"applicationId" required:"false"`
	Answer        json.RawMessage `json:"answer" required:"false" doc:"an Answer, as of the bank's desk"`
}

type machineAnswersOutput struct{ Body bank.AnswersReceipt }

// answers takes each answer on its own. Those to different orders are worked on
// side by side, those to one order in turn.
func (m machine) answers(ctx context.Context, in *machineAnswersInput) (*machineAnswersOutput, error) {
	from, _ := channel.From(ctx)
	out := &machineAnswersOutput{Body: bank.AnswersReceipt{Items: make([]bank.AnswerReceipt, len(in.Body.Items))}}
	byOrder := map[string][]int{}
	for n, item := range in.Body.Items {
		byOrder[item.ApplicationID] = append(byOrder[item.ApplicationID], n)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(answering)
	for _, turns := range byOrder {
		group.Go(func() error {
			for _, n := range turns {
				out.Body.Items[n] = m.receipt(ctx, identity.BankCode(from.Owner), in.Body.Items[n])
			}
			return nil
		})
	}
	return out, group.Wait()
}

// receipt says what became of one answer.
func (m machine) receipt(ctx context.Context, code identity.BankCode, item machineAnswer) bank.AnswerReceipt {
	receipt := bank.AnswerReceipt{ApplicationID: item.ApplicationID, Result: bank.Taken}
	order := identity.OrderID(item.ApplicationID)
	done, err := m.take(ctx, code, order, item.Answer)
	if err == nil {
		receipt.State, receipt.Discrepancies = string(done.State), oddities(done.Found)
		if done.Repeated {
			receipt.Result = bank.Repeated
		}
		return receipt
	}
	p := problem.Of(ctx, err)
	receipt.Code, receipt.Title, receipt.Result = p.Code, p.Title, bank.NotTaken
	if len(p.Errors) > 0 {
		receipt.Pointer = p.Errors[0].Pointer
	}
	if p.Status >= http.StatusInternalServerError {
		receipt.Result = bank.ComeAgain
		if !isID(order) {
			order = "" // anything could be in its place
		}
		if ctx.Err() == nil {
			m.App.City.Logger.Error("a bank's answer was not carried out", slog.String("order", string(order)), slog.Any("error", err))
		}
	}
	return receipt
}

// take carries one answer out. The same answer to the same order is the same
// command, however often and in whatever batch it comes.
func (m machine) take(ctx context.Context, code identity.BankCode, order identity.OrderID, said json.RawMessage) (done app.Carried, err error) {
	row, err := m.find(ctx, order, code)
	if err != nil {
		return done, m.strayed(ctx, code, order, said, domain.ByMachine, err)
	}
	answer, err := m.read(said)
	if err != nil {
		return done, err
	}
	cmd, err := m.command(ctx, row, answer)
	if err != nil {
		return done, err
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return done, err
	}
	digest := m.App.City.Keys.Index(privacy.Input, string(text))
	command, err := m.anew(ctx, row, identity.Derive("machine-answer", string(code), string(order), digest))
	if err != nil {
		return done, err
	}
	cause := es.Cause{
		Command: command, Input: digest,
		Actor: app.Machine(code), Correlation: string(row.Case), At: m.App.City.Clock.Now(),
	}
	return m.App.Said(ctx, ordered(row), cause, es.AnyRevision, cmd)
}

// read holds an answer against the same schema as one from a desk.
func (m machine) read(text json.RawMessage) (answer bank.Answer, err error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return answer, problem.ErrMalformed()
	}
	var found huma.ValidateResult
	huma.Validate(m.schemas, m.schema, huma.NewPathBuffer([]byte("body"), 0), huma.ModeWriteToServer, value, &found)
	if len(found.Errors) > 0 {
		return answer, huma.NewError(http.StatusUnprocessableEntity, "", found.Errors...)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return answer, problem.ErrMalformed()
	}
	return answer, nil
}
