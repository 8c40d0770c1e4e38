package app

import "github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"

// Split shows into which commands an answer is cut.
func Split(cmd domain.AccountCommand) (first domain.AccountCommand, rest []domain.AccountCommand) {
	return split(cmd)
}
