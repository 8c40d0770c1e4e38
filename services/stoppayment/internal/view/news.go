package view

import (
	"sync"

	"github.com/yuanlu/yuanlu/libs/identity"
)

// news wakes a bank's desk when its own list has something new, and no other: with
// forty banks waiting, each order would otherwise have all of them look.
type news struct {
	mu      sync.Mutex
	touched map[identity.BankCode]bool
	all     bool
	waiting map[identity.BankCode]chan struct{}
}

func newNews() *news {
	return &news{touched: map[identity.BankCode]bool{}, waiting: map[identity.BankCode]chan struct{}{}}
}

// touch notes, while a transaction is written, that a bank has an order more.
func (n *news) touch(bank identity.BankCode) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.touched[bank] = true
}

// touchAll is touch for every bank that waits.
func (n *news) touchAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = true
}

// tell wakes those who wait, once the transaction can be read. After one that came
// to nothing they are woken by the next, in vain at worst.
func (n *news) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for bank, waiting := range n.waiting {
		if n.all || n.touched[bank] {
			close(waiting)
			delete(n.waiting, bank)
		}
	}
	clear(n.touched)
	n.all = false
}

// next is closed when the bank has something new.
func (n *news) next(bank identity.BankCode) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	waiting, ok := n.waiting[bank]
	if !ok {
		waiting = make(chan struct{})
		n.waiting[bank] = waiting
	}
	return waiting
}
