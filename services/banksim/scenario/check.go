package scenario

import (
	"fmt"
	"slices"
)

// index is what a scenario declares, by kind and name.
type index map[string]map[string]bool

func (x index) declare(kind string, r Ref) error {
	if r.Name == "" {
		return fmt.Errorf("%w: a %s has no id", ErrScenario, kind)
	}
	if x[kind] == nil {
		x[kind] = map[string]bool{}
	}
	if x[kind][r.Name] {
		return fault(r.Line, "%s %s is declared twice", kind, r.Name)
	}
	x[kind][r.Name] = true
	return nil
}

// need demands that what is named is declared; maybe allows it to be absent.
func (x index) need(kind string, refs ...Ref) error {
	for _, r := range refs {
		if r.Name == "" {
			return fmt.Errorf("%w: a %s is not named where it has to be", ErrScenario, kind)
		}
		if !x[kind][r.Name] {
			return fault(r.Line, "no %s is called %s", kind, r.Name)
		}
	}
	return nil
}

func (x index) maybe(kind string, r Ref) error {
	if r.Name == "" {
		return nil
	}
	return x.need(kind, r)
}

// limits of one scenario.
const (
	maxItems = 5000
	maxActs  = 200
)

func (s *Scenario) check() error {
	if s.Name == "" || s.Start.IsZero() || len(s.Banks) == 0 || len(s.Acts) == 0 {
		return fmt.Errorf("%w: name, start, banks and acts are needed", ErrScenario)
	}
	if max(len(s.Accounts), len(s.Transfers), len(s.CashOuts), len(s.People), len(s.Banks)) > maxItems || len(s.Acts) > maxActs {
		return fmt.Errorf("%w: more than %d things or %d acts", ErrScenario, maxItems, maxActs)
	}
	x := index{}
	for _, step := range []func(index) error{s.declare, s.checkMoney, s.checkPeople, s.checkActs} {
		if err := step(x); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scenario) declare(x index) error {
	var errs []error
	add := func(kind string, r Ref) { errs = append(errs, x.declare(kind, r)) }
	for _, b := range s.Banks {
		add("bank", b.ID)
		add("bank code", Ref{string(b.Code.BankCode), b.Code.Line})
		errs = append(errs, b.check())
	}
	for _, p := range s.People {
		add("person", p.ID)
	}
	for _, a := range s.Accounts {
		add("account", a.ID)
	}
	for _, t := range s.Transfers {
		if t.ID.Name != "" {
			add("transfer", t.ID)
		}
	}
	if l := s.Laundering; l != nil {
		add("transfer", l.Transfer)
	}
	if g := s.Gang; g != nil {
		add("transfer", g.Transfer)
	}
	for _, r := range s.Reports {
		add("case", r.ID)
	}
	for _, a := range s.Alerts {
		add("alert", a.ID)
	}
	for _, o := range s.Officers {
		add("officer", o.ID)
	}
	return first(errs)
}

func (s *Scenario) checkMoney(x index) error {
	var errs []error
	for _, a := range s.Accounts {
		errs = append(errs, x.need("bank", a.Bank), x.maybe("person", a.Holder))
		if !slices.Contains([]string{"", "01", "02", "03", "04", "05"}, a.Kind) {
			errs = append(errs, fault(a.ID.Line, "kind is 01 to 05, in quotes"))
		}
		for _, e := range []*EarlierOwner{a.Frozen, a.Stopped} {
			if e != nil && (e.By == "" || e.Until.Duration <= 0) {
				errs = append(errs, fault(a.ID.Line, "frozen and stopped need by and a time after the start as until"))
			}
		}
	}
	for _, t := range s.Transfers {
		errs = append(errs, x.need("account", t.From, t.To))
		if t.Amount.Fen == 0 || t.From.Name == t.To.Name {
			errs = append(errs, fault(t.From.Line, "a transfer has an amount and two different accounts"))
		}
	}
	for _, c := range s.CashOuts {
		errs = append(errs, x.need("account", c.From))
		if c.Amount.Fen == 0 {
			errs = append(errs, fault(c.From.Line, "cash has an amount"))
		}
	}
	if l := s.Laundering; l != nil {
		errs = append(errs, x.need("account", l.From))
	}
	if g := s.Gang; g != nil {
		errs = append(errs, x.need("person", g.Victim), x.need("bank", g.Institutions...), g.check())
	}
	if c := s.Crowd; c != nil {
		errs = append(errs, c.check())
	}
	return first(errs)
}

func (s *Scenario) checkPeople(x index) error {
	var errs []error
	for _, r := range s.Reports {
		errs = append(errs, x.need("person", r.Victim), x.need("transfer", r.Transfers...))
		if len(r.Transfers) == 0 || r.FraudType == "" || r.Brief == "" {
			errs = append(errs, fault(r.ID.Line, "a report has transfers, fraudType and brief"))
		}
	}
	for _, a := range s.Alerts {
		errs = append(errs, x.need("person", a.Subject))
	}
	for _, o := range s.Officers {
		if o.PoliceNo == "" || len(o.Unit) != 12 || o.Level == "" || o.Role == "" {
			errs = append(errs, fault(o.ID.Line, "an officer has policeNo, unit of 12 digits, level and role"))
		}
	}
	for _, e := range s.Expect {
		errs = append(errs, x.need("case", e.Case))
	}
	return first(errs)
}

func (s *Scenario) checkActs(x index) error {
	var errs []error
	for i, a := range s.Acts {
		set, err := a.check(x)
		if set != 1 {
			err = fmt.Errorf("%w: act %d: exactly one act is expected in each entry", ErrScenario, i+1)
		}
		errs = append(errs, err)
	}
	return first(errs)
}

// check counts the acts that are set and checks what they name.
func (a Act) check(x index) (set int, err error) {
	var errs []error
	seen := func(isSet bool, names func() []error) {
		if isSet {
			set++
			errs = append(errs, names()...)
		}
	}
	officers := func(refs ...Ref) error { return x.need("officer", refs...) }
	seen(a.ApproveInAdvance != nil, func() []error { return []error{officers(a.ApproveInAdvance.By)} })
	seen(a.ImportAlert != nil, func() []error { return []error{officers(a.ImportAlert.By), x.need("alert", a.ImportAlert.Alert)} })
	seen(a.Dispatch != nil, func() []error { return []error{officers(a.Dispatch.By), x.need("alert", a.Dispatch.Alert)} })
	seen(a.Sign != nil, func() []error { return []error{officers(a.Sign.By), x.need("alert", a.Sign.Alert)} })
	seen(a.Contact != nil, func() []error {
		return []error{officers(a.Contact.By), x.maybe("officer", a.Contact.Partner), x.need("alert", a.Contact.Alert)}
	})
	seen(a.FindPaid != nil, func() []error {
		return []error{officers(a.FindPaid.By, a.FindPaid.Investigator), x.need("alert", a.FindPaid.Alert), x.need("case", a.FindPaid.Case)}
	})
	seen(a.CloseAlert != nil, func() []error { return []error{officers(a.CloseAlert.By), x.need("alert", a.CloseAlert.Alert)} })
	seen(a.FileReport != nil, func() []error {
		return []error{officers(a.FileReport.By, a.FileReport.Investigator), x.need("case", a.FileReport.Case)}
	})
	seen(a.AwaitChase != nil, func() []error { return []error{x.need("case", a.AwaitChase.Case)} })
	seen(a.MoveClock != nil, func() []error { return []error{forward(*a.MoveClock)} })
	seen(a.ProposeFiling != nil, func() []error { return []error{officers(a.ProposeFiling.By), x.need("case", a.ProposeFiling.Case)} })
	seen(a.FileCase != nil, func() []error { return []error{officers(a.FileCase.By), x.need("case", a.FileCase.Case)} })
	seen(a.Freeze != nil, func() []error {
		return []error{officers(a.Freeze.By, a.Freeze.Operator, a.Freeze.Investigator), x.need("case", a.Freeze.Case)}
	})
	seen(a.Refund != nil, func() []error {
		return []error{officers(a.Refund.By, a.Refund.Partner, a.Refund.Approver), x.need("case", a.Refund.Case)}
	})
	return set, first(errs)
}

func forward(o Offset) error {
	if o.Duration <= 0 {
		return fault(o.Line, "the clock only goes forward")
	}
	return nil
}

// first gives the first error there is.
func first(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
