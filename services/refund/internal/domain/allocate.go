package domain

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
)

// Loss (损失) is what one claim can ask of an account.
type Loss struct {
	Amount money.Fen
	At     time.Time // of the transfer; the earlier goes first where remainders tie
	ID     string    // of the transfer; settles what time leaves open
}

// Allocate (按比例返还) divides f fen among losses, 41号 art. 8(3):
//
//	refund = floor(f·loss / max(f, Σ losses))
//
// and the fen left over go one by one to the largest remainders, ties to the
// earliest transfer. If f covers all losses everyone is made whole; otherwise
// everyone gets the same part. The result has the order of the losses, and no
// loss gets another share because it stands elsewhere in the list.
func Allocate(f money.Fen, losses []Loss) ([]money.Fen, error) {
	if f < 0 {
		return nil, money.ErrOverflow
	}
	var total money.Fen
	for _, l := range losses {
		var err error
		if l.Amount < 0 {
			return nil, money.ErrOverflow
		}
		if total, err = total.Add(l.Amount); err != nil {
			return nil, err
		}
	}
	shares := make([]money.Fen, len(losses))
	whole := max(f, total)
	if whole == 0 {
		return shares, nil
	}
	rest := min(f, total)
	remainders := make([]uint64, len(losses))
	order := make([]int, len(losses))
	for n, l := range losses {
		var err error
		if shares[n], remainders[n], err = f.Share(l.Amount, whole); err != nil {
			return nil, err
		}
		rest -= shares[n]
		order[n] = n
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(remainders[b], remainders[a]), losses[a].At.Compare(losses[b].At), strings.Compare(losses[a].ID, losses[b].ID))
	})
	// Fewer fen are left than there are remainders above zero, so that nobody
	// gets more than his loss.
	for _, n := range order[:rest] {
		shares[n]++
	}
	return shares, nil
}
