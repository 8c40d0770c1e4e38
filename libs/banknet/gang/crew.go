package gang

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/money"
)

// What launderers do, as published.
const (
	shortestHop        = 30 * time.Second
	longestHop         = 3 * time.Minute
	leastFan, mostFan  = 5, 60
	backPercent        = 6 // of the transfers go back or sideways (回流)
	detours            = 2 // hops beyond the depth that such money may take
	mostLeftPercent    = 20
	leftPercent        = 15 // of the arrivals of which a part is left for later
	shortestLater      = time.Hour
	longestLater       = 12 * time.Hour
	cardDayLimit       = 20_000 * yuan
	machineLimit       = 5_000 * yuan
	noteStep           = 100 * yuan
	days               = 2 // on which a card is taken to a machine
	walletPercent      = 15
	shopPercent        = 15
	idlePercent        = 5 // of the arrivals that are taken to a machine only later
	walletShopPercent  = 50
	shortestWalk       = 4 * time.Minute // from the money's arrival to the machine
	longestWalk        = 45 * time.Minute
	secondsPerCash     = 60
	secondsPerCashMore = 60
)

// Crew (水房) is the launderers at work on one fraud. It is told of money that
// has arrived and says what will be tried with it; a bank may refuse.
type Crew struct {
	f      *Fraud
	places map[banknet.Key]int
	hops   map[string]int // of a payment, by serial
	drawn  map[banknet.Key]map[int]money.Fen
}

// Crew sets launderers to work. Each plays the fraud from its beginning.
func (f *Fraud) Crew() *Crew {
	c := &Crew{f: f, places: map[banknet.Key]int{}, hops: map[string]int{}, drawn: map[banknet.Key]map[int]money.Fen{}}
	for n, a := range f.Accounts {
		c.places[a.Key] = n
	}
	return c
}

// Arrived (到账) tells of a payment of the victim or of the crew itself that a
// bank has carried out, and gives what is tried with the money. All of it lies
// at least half a minute ahead.
func (c *Crew) Arrived(p banknet.Payment) []banknet.Payment {
	n, known := c.places[p.To]
	if !known {
		return nil
	}
	switch c.f.Accounts[n].Role {
	case Wallet:
		return c.spend(p)
	case Victim, Merchant, Utility, Employer, Bystander:
		return nil
	case Mule:
	}
	if _, ours := c.hops[p.Serial]; !ours && p.From != c.f.Accounts[0].Key {
		return nil // the holder's own
	}
	r, account, hop := c.f.lot(p.Serial), c.f.Accounts[n], c.hops[p.Serial]
	if account.Level >= c.f.Depth || hop >= c.f.Depth+detours-1 {
		return c.out(r, account.Key, p, hop)
	}
	return c.fan(r, account, p, hop)
}

// fan splits money over the cards of the next level.
func (c *Crew) fan(r *rand.Rand, from Account, p banknet.Payment, hop int) []banknet.Payment {
	amount, left := p.Amount, money.Fen(0)
	if r.IntN(100) < leftPercent {
		left = amount * money.Fen(1+r.IntN(mostLeftPercent)) / 100
		amount -= left
	}
	next := c.f.levels[from.Level]
	wide := int(math.Exp(math.Log(leastFan) + r.Float64()*math.Log(float64(mostFan)/leastFan)))
	if from.Level == c.f.Depth-1 {
		wide = max(wide, int(amount/cardDayLimit)+1) // as much as a card can pay out today
	}
	wide = max(1, min(wide, mostFan, int(amount/c.f.least)))
	window := shortestHop + time.Duration(r.Int64N(int64(longestHop-shortestHop)))
	var moves []banknet.Payment
	order := r.Perm(len(next))
	for i, part := range partition(r, amount, wide) {
		to := next[order[i%len(next)]]
		if r.IntN(100) < backPercent {
			level := c.f.levels[r.IntN(from.Level)]
			to = level[r.IntN(len(level))]
		}
		delay := shortestHop + time.Duration(r.Int64N(int64(window-shortestHop)+1))
		if c.f.Accounts[to].Key == from.Key {
			continue // it stays
		}
		moves = append(moves, c.move(p, i, delay, from.Key, c.f.Accounts[to].Key, part, "转账", hop+1))
	}
	if left > 0 {
		to := c.f.Accounts[next[r.IntN(len(next))]].Key
		moves = append(moves, c.move(p, len(moves)+mostFan, logUniform(r, shortestLater, longestLater), from.Key, to, left, "转账", hop+1))
	}
	return moves
}

// move names a movement after the one that brought its money, so that it has
// the same name whoever plays.
func (c *Crew) move(because banknet.Payment, i int, delay time.Duration, from, to banknet.Key, amount money.Fen, summary string, hop int) banknet.Payment {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s/%d/%d", because.Serial, i, c.f.Number) // never fails
	serial := "G" + hex.EncodeToString(h.Sum(nil))
	c.hops[serial] = hop
	return banknet.Payment{
		Serial: serial, At: because.At.Add(delay).Truncate(time.Millisecond), From: from, To: to, Amount: amount, Summary: summary,
	}
}

// out turns money into something that no bank can stop.
func (c *Crew) out(r *rand.Rand, card banknet.Key, p banknet.Payment, hop int) []banknet.Payment {
	switch dice := r.IntN(100); {
	case dice < idlePercent:
		return c.machine(r, card, p, hop, logUniform(r, shortestLater, longestLater))
	case dice < idlePercent+shopPercent:
		shop := c.f.Accounts[c.f.shops[r.IntN(len(c.f.shops))]].Key
		return []banknet.Payment{c.move(p, 0, walk(r), card, shop, p.Amount, "POS消费", hop+1)}
	case dice < idlePercent+shopPercent+walletPercent && hop < c.f.Depth+detours:
		return []banknet.Payment{c.wallet(r, card, p, hop)}
	}
	return c.machine(r, card, p, hop, walk(r))
}

func walk(r *rand.Rand) time.Duration { return logUniform(r, shortestWalk, longestWalk) }

// logUniform draws whole seconds whose logarithm is uniform.
func logUniform(r *rand.Rand, shortest, longest time.Duration) time.Duration {
	low, high := math.Log(shortest.Seconds()), math.Log(longest.Seconds())
	return time.Duration(math.Exp(low+r.Float64()*(high-low))) * time.Second
}

// wallet pays money to a payment account: the bank's row names the institution
// and an order number (订单号), no account.
func (c *Crew) wallet(r *rand.Rand, card banknet.Key, p banknet.Payment, hop int) banknet.Payment {
	to := c.f.Accounts[c.f.wallets[r.IntN(len(c.f.wallets))]].Key
	m := c.move(p, 0, shortestHop+time.Duration(r.Int64N(int64(longestHop-shortestHop))), card, to, p.Amount, "快捷支付", hop+1)
	m.Order = m.At.UTC().Format("20060102") + strconv.FormatUint(1e15+r.Uint64N(9e15), 10)
	return m
}

// spend empties a payment account: at a merchant, or on to a card for cash.
func (c *Crew) spend(p banknet.Payment) []banknet.Payment {
	r, hop := c.f.lot(p.Serial), c.hops[p.Serial]
	if r.IntN(100) < walletShopPercent || hop >= c.f.Depth+detours {
		shop := c.f.Accounts[c.f.shops[r.IntN(len(c.f.shops))]].Key
		return []banknet.Payment{c.move(p, 0, walk(r), p.To, shop, p.Amount, "扫码消费", hop+1)}
	}
	last := c.f.levels[c.f.Depth-1]
	to := c.f.Accounts[last[r.IntN(len(last))]].Key
	delay := shortestHop + time.Duration(r.Int64N(int64(longestHop-shortestHop)))
	return []banknet.Payment{c.move(p, 0, delay, p.To, to, p.Amount, "提现", hop+1)}
}

// machine (ATM取现) takes cash after a while, in notes, a few thousand at a time and no more than a
// card may pay out in a day of Beijing; the rest waits for the next day.
func (c *Crew) machine(r *rand.Rand, card banknet.Key, p banknet.Payment, hop int, delay time.Duration) []banknet.Payment {
	var moves []banknet.Payment
	rest := p.Amount / noteStep * noteStep
	for rest > 0 {
		day := dayOf(p.At.Add(delay))
		if day-dayOf(p.At) >= days {
			return moves
		}
		free := cardDayLimit - c.drawn[card][day]
		take := min(rest, machineLimit, free)
		if take <= 0 {
			// Shortly after midnight, when the limit is new.
			tomorrow := time.Unix(int64(day+1)*secondsPerDay-beijing, 0)
			delay = tomorrow.Sub(p.At) + time.Duration(60+r.IntN(3*3600))*time.Second
			continue
		}
		if c.drawn[card] == nil {
			c.drawn[card] = map[int]money.Fen{}
		}
		c.drawn[card][day] += take
		rest -= take
		moves = append(moves, c.move(p, len(moves), delay, card, banknet.Key{}, take, "ATM取现", hop+1))
		delay += time.Duration(secondsPerCash+r.IntN(secondsPerCashMore)) * time.Second
	}
	return moves
}

const (
	secondsPerDay = 24 * 3600
	beijing       = 8 * 3600 // ahead of UTC
)

// dayOf numbers the days of Beijing.
func dayOf(t time.Time) int { return int((t.Unix() + beijing) / secondsPerDay) }
