package identity

// AccountIDOf (账户标识) names an account by its bank and the blind index of its
// number, so that the same account is the same stream in every case while no
// number shows.
func AccountIDOf(bank BankCode, numberIndex string) AccountID {
	return AccountID(Derive("account", string(bank), numberIndex).String())
}
