// Package channel carries approved orders to the machines of banks (机器通道):
// one courier per bank, which groups what its bank has to do into batches, takes
// the bank's word for each order of a batch, tries again what was not taken, and
// stops trying for a while when the bank does not answer.
//
// The list of orders is the one that the bank's desk sees, so that a bank whose
// machine is away goes on by hand. What a courier knows beside that list — how
// often it has tried, and when it will again — may be lost with the process: an
// order goes out at least once, its id is its key at the bank, and that it was
// taken is decided on its account, once. Two replicas send the same order twice
// at worst.
package channel
