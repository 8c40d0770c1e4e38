package domain

import "slices"

// Index is an index of numbers.
type Index struct{ x index[string, int] }

// NewIndex makes an empty one.
func NewIndex() Index { return Index{} }

// Put returns the index with the entry.
func (i Index) Put(key string, value int) Index { return Index{i.x.put(key, value)} }

// Get finds an entry.
func (i Index) Get(key string) (int, bool) { return i.x.get(key) }

// Series is a series of numbers.
type Series struct{ s series[int] }

// Add returns the series with one more.
func (s Series) Add(v int) Series { return Series{s.s.add(v)} }

// Set returns the series with another number at a place.
func (s Series) Set(n, v int) Series { return Series{s.s.set(n, v)} }

// All are its numbers.
func (s Series) All() []int { return slices.Collect(s.s.all()) }
