package eventnode_test

import (
	"fmt"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// BenchmarkPersistentSubscription answers: how many messages of 1 KiB a second does
// one consumer of a group receive and acknowledge, one by one?
func BenchmarkPersistentSubscription(b *testing.B) {
	for _, window := range []uint32{10, 200} {
		b.Run(fmt.Sprintf("window=%d", window), func(b *testing.B) {
			c := stage(b)
			const batch = 500
			for done := 0; done < b.N; done += batch {
				events := make([]esdb.EventData, batch)
				for i := range events {
					events[i] = note("x")
					events[i].Data = make([]byte, 1024)
				}
				appendTo(b, c, "case-1", esdb.Any{}, events...)
			}
			createGroup(b, c, "case-1", "workers", fromStart())
			s := consume(b, c, "case-1", "workers", window)
			b.ResetTimer()
			for range b.N {
				ack(b, s, next(b, s))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
