package race

import "github.com/yuanlu/yuanlu/libs/money"

// Take takes an amount from an account of which some is held, and gives what is
// left of the victim's and of others'.
func Take(victims, clean, amount, held money.Fen) (leftVictims, leftClean money.Fen, err error) {
	h := holding{victims: victims, clean: clean}
	_, err = h.take(amount, held)
	return h.victims, h.clean, err
}
