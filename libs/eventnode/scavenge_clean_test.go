package eventnode_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/eventnode"
	"pgregory.net/rapid"
)

func TestNoRemovedEventIsForgottenWhenFilesAreCleaned(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		last := uint64(1)
		var removed [][2]uint64
		for range rapid.IntRange(1, 60).Draw(r, "removals") {
			last += rapid.Uint64Range(0, 1<<rapid.IntRange(1, 30).Draw(r, "bits")).Draw(r, "growth")
			removed = append(removed, [2]uint64{rapid.Uint64Range(1, last).Draw(r, "position"), last})
		}
		spans, kept := eventnode.Spans(removed)
		if !kept {
			r.Fatal("the notes cannot be stored")
		}
		for i, s := range spans {
			if s[0] > s[1] || i > 0 && s[0] <= spans[i-1][1] {
				r.Fatalf("spans %v", spans)
			}
		}
		for _, event := range removed {
			found := false
			for _, s := range spans {
				found = found || s[0] <= event[0] && event[0] <= s[1]
			}
			if !found {
				r.Fatalf("position %d is in none of %v", event[0], spans)
			}
		}
	})
}
