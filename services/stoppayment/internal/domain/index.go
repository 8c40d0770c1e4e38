package domain

import (
	"hash/fnv"
	"iter"
	"slices"
)

// index is a map that is a value: putting into it makes another one, which
// shares with the first all but the way to the entry. A chase has thousands of
// accounts, and its state is copied with every event.
type index[K ~string, V any] struct{ root *branch[K, V] }

// ways is how many branches leave a branch; a hash is used up by wayBits each.
const (
	wayBits  = 4
	ways     = 1 << wayBits
	hashBits = 64
)

type branch[K ~string, V any] struct {
	next   [ways]*branch[K, V]
	leaves []leaf[K, V] // more than one only where hashes are used up
}

type leaf[K ~string, V any] struct {
	hash  uint64
	key   K
	value V
}

func hashOf[K ~string](key K) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // it has no error to report
	return h.Sum64()
}

func (x index[K, V]) get(key K) (value V, ok bool) {
	hash := hashOf(key)
	rest := hash
	for b := x.root; b != nil; b, rest = b.next[rest%ways], rest>>wayBits {
		for _, l := range b.leaves {
			if l.hash == hash && l.key == key {
				return l.value, true
			}
		}
	}
	return value, false
}

func (x index[K, V]) put(key K, value V) index[K, V] {
	hash := hashOf(key)
	return index[K, V]{x.root.put(leaf[K, V]{hash, key, value}, 0)}
}

// put returns the branch with the leaf in it. A branch has either leaves or
// branches, except where the hash is used up.
func (b *branch[K, V]) put(l leaf[K, V], depth int) *branch[K, V] {
	if b == nil {
		return &branch[K, V]{leaves: []leaf[K, V]{l}}
	}
	made := *b
	if n := slices.IndexFunc(b.leaves, func(o leaf[K, V]) bool { return o.key == l.key }); n >= 0 {
		made.leaves = slices.Clone(b.leaves)
		made.leaves[n] = l
		return &made
	}
	if depth*wayBits >= hashBits {
		made.leaves = append(slices.Clip(b.leaves), l)
		return &made
	}
	for _, o := range append(slices.Clip(b.leaves), l) {
		way := o.hash >> (depth * wayBits) % ways
		made.next[way] = made.next[way].put(o, depth+1)
	}
	made.leaves = nil
	return &made
}

// series is a list that is a value: adding to it, or setting one of its entries,
// makes another one, which shares with the first all but a page.
type series[V any] struct {
	pages [][]V
	count int
}

const page = 64

func (s series[V]) at(n int) V { return s.pages[n/page][n%page] }

func (s series[V]) add(v V) series[V] {
	if s.count%page == 0 {
		return series[V]{append(slices.Clip(s.pages), []V{v}), s.count + 1}
	}
	last := len(s.pages) - 1
	pages := slices.Clone(s.pages)
	pages[last] = append(slices.Clip(pages[last]), v)
	return series[V]{pages, s.count + 1}
}

func (s series[V]) set(n int, v V) series[V] {
	pages := slices.Clone(s.pages)
	pages[n/page] = slices.Clone(pages[n/page])
	pages[n/page][n%page] = v
	return series[V]{pages, s.count}
}

func (s series[V]) all() iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, p := range s.pages {
			for _, v := range p {
				if !yield(v) {
					return
				}
			}
		}
	}
}
