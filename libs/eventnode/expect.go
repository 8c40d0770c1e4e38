package eventnode

import (
	"math"
	"strconv"
)

// expectation is what the writer of events believes of the stream.
type expectation int

const (
	expectAny expectation = iota
	expectNoStream
	expectExists
	expectRevision
)

// expected is an expectation with its revision, if it has one.
type expected struct {
	what     expectation
	revision uint64
}

// String is the number that the protocol's trailers use.
func (e expected) String() string {
	switch e.what {
	case expectAny:
		return "-2"
	case expectNoStream:
		return "-1"
	case expectExists:
		return "-4"
	case expectRevision:
	}
	return strconv.FormatUint(e.revision, 10)
}

// after is the revision that the stream is believed to end with, -1 for none.
func (e expected) after() int64 {
	if e.what == expectNoStream {
		return -1
	}
	return int64(min(e.revision, math.MaxInt64))
}

// verdict is the answer to an expectation.
type verdict int

const (
	verdictAppend   verdict = iota // write the events
	verdictRepeated                // these events are in the stream already
	verdictWrong                   // the stream is not as expected
	verdictDeleted                 // the stream is gone
)

// history is what has to be asked of the stream's past.
type history interface {
	// revisionOf returns the revision that holds an event id.
	revisionOf(id eventID) (revision uint64, found bool, err error)
	// idAt returns the event id that a revision holds.
	idAt(revision uint64) (id eventID, err error)
}

// decide says what is to be done with events of these ids, and, if they are in
// the stream already, which revision the last of them has.
func decide(h *head, e expected, ids []eventID, past history) (verdict, uint64, error) {
	switch {
	case h.tombstoned():
		return verdictDeleted, 0, nil
	case e.what == expectExists && h.meta.deleted():
		return verdictDeleted, 0, nil
	case h.last < 0:
		return onNothing(h, e), 0, nil
	case e.what == expectAny || e.what == expectExists:
		return repeatedAnywhere(ids, past)
	case e.after() > h.last:
		return verdictWrong, 0, nil
	case e.after() == h.last:
		return verdictAppend, 0, nil // even if an id was seen before
	default:
		return repeatedAfter(h, e, ids, past)
	}
}

// onNothing judges an append to a stream that has no event.
func onNothing(h *head, e expected) verdict {
	switch {
	case e.what == expectAny, e.what == expectNoStream:
		return verdictAppend
	case e.what == expectExists && h.meta.exists:
		return verdictAppend
	default:
		return verdictWrong
	}
}

// repeatedAnywhere judges an append that names no revision: either all its ids
// are known or the first is not. A mixture is a mistake of the writer.
func repeatedAnywhere(ids []eventID, past history) (verdict, uint64, error) {
	var last uint64
	for i, id := range ids {
		revision, found, err := past.revisionOf(id)
		switch {
		case err != nil:
			return 0, 0, err
		case !found && i == 0:
			return verdictAppend, 0, nil
		case !found:
			return verdictWrong, 0, nil
		}
		last = revision
	}
	if len(ids) == 0 {
		return verdictAppend, 0, nil
	}
	return verdictRepeated, last, nil
}

// repeatedAfter judges an append at a revision that has passed: it is a repetition
// if exactly these ids followed then.
func repeatedAfter(h *head, e expected, ids []eventID, past history) (verdict, uint64, error) {
	if len(ids) == 0 {
		return verdictWrong, 0, nil
	}
	revision := e.after()
	for i, id := range ids {
		revision++
		if revision > h.last {
			return verdictWrong, 0, nil
		}
		stored, err := past.idAt(uint64(revision))
		switch {
		case err != nil:
			return 0, 0, err
		case stored == id:
		case i == 0 && e.what == expectNoStream && h.meta.deleted():
			return verdictAppend, 0, nil
		default:
			return verdictWrong, 0, nil
		}
	}
	return verdictRepeated, uint64(revision), nil
}
