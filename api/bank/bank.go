// Package bank has the messages between the city and the desks or machines of
// banks. Field names and codes are those of the national platform (TxCode
// 100101 and so on), in JSON. Amounts are decimal text in yuan with at most two
// decimals; times are yyyyMMddHHmmss in Asia/Shanghai, as the platform has
// them; the city turns both into fen and UTC at its edge.
//
// Fields are only ever added. One that is missing says what its comment says,
// so that a bank that has never heard of it stays right.
package bank
