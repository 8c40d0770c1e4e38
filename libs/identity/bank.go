package identity

import (
	"bytes"
	_ "embed" // for the default list of banks
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// BankCode (行号, CNAPS) is the 12-digit code of a bank's head office: three
// digits of bank, four of city, four of branch and a check digit.
type BankCode string

// ParseBankCode reads a bank code and checks its last digit. Whether the city
// knows such a bank is asked of [Banks].
func ParseBankCode(s string) (BankCode, error) {
	if len(s) != 12 || !digits(s) {
		return "", ErrBankMalformed
	}
	if s[11] != bankCheck(s[:11]) {
		return "", ErrBankCheckDigit
	}
	return BankCode(s), nil
}

// bankCheck computes the 12th digit (ISO 7064 MOD 11,10).
func bankCheck(body string) byte {
	p := 10
	for i := range len(body) {
		s := (p + int(body[i]-'0')) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return byte('0' + (11-p)%10)
}

// Bank (银行) is one institution that orders can be sent to.
type Bank struct {
	Code  BankCode `json:"code"`
	Name  string   `json:"name"`  // full name
	Short string   `json:"short"` // as officers say it
}

// Banks (银行名录) is a city's list of banks. It is configuration, and never
// changes once read.
type Banks struct {
	ordered []Bank
	byCode  map[BankCode]Bank
}

// ErrBankList says that a list of banks cannot be used.
var ErrBankList = errors.New("the list of banks is not usable")

// ParseBanks reads a list of banks: CSV lines of code, name and short name,
// where lines beginning with # are comments.
func ParseBanks(data []byte) (Banks, error) {
	rows, err := readCSV(data, 3)
	if err != nil {
		return Banks{}, fmt.Errorf("%w: %w", ErrBankList, err)
	}
	banks := Banks{byCode: make(map[BankCode]Bank, len(rows))}
	for n, row := range rows {
		code, err := ParseBankCode(row[0])
		if err != nil {
			return Banks{}, fmt.Errorf("%w: row %d (%s): %w", ErrBankList, n+1, row[0], err)
		}
		if _, twice := banks.byCode[code]; twice || row[1] == "" || row[2] == "" {
			return Banks{}, fmt.Errorf("%w: row %d (%s) is given twice or has no name", ErrBankList, n+1, code)
		}
		bank := Bank{Code: code, Name: row[1], Short: row[2]}
		banks.byCode[code] = bank
		banks.ordered = append(banks.ordered, bank)
	}
	if len(banks.ordered) == 0 {
		return Banks{}, fmt.Errorf("%w: it is empty", ErrBankList)
	}
	return banks, nil
}

//go:embed banks.csv
var banksCSV []byte

var defaultBanks = sync.OnceValue(func() Banks {
	banks, err := ParseBanks(banksCSV)
	if err != nil {
		panic(err) // the list is part of the program and read by its tests
	}
	return banks
})

// DefaultBanks is the list that comes with the program, for cities that have
// not given their own yet.
func DefaultBanks() Banks { return defaultBanks() }

// Lookup finds a bank by its code.
func (b Banks) Lookup(code BankCode) (Bank, bool) {
	bank, ok := b.byCode[code]
	return bank, ok
}

// Parse reads a bank code as it is typed, full-width digits and blanks around it
// too, and demands that the list knows it: otherwise [ErrBankMalformed],
// [ErrBankCheckDigit] or [ErrBankUnknown].
func (b Banks) Parse(s string) (Bank, error) {
	code, err := ParseBankCode(strings.TrimSpace(Plain(s)))
	if err != nil {
		return Bank{}, err
	}
	bank, ok := b.Lookup(code)
	if !ok {
		return Bank{}, ErrBankUnknown
	}
	return bank, nil
}

// All lists the banks in the order of the file.
func (b Banks) All() []Bank { return slices.Clone(b.ordered) }

// readCSV reads rows of exactly so many trimmed fields, with # for comments.
func readCSV(data []byte, fields int) ([][]string, error) {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.Comment, reader.FieldsPerRecord = '#', fields
	rows, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
	}
	return rows, nil
}
