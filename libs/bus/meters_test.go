package bus_test

import (
	"context"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// measured reads all metrics that the bus makes from now on.
func measured(t *testing.T) func() map[string]float64 {
	t.Helper()
	reader := metric.NewManualReader()
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	return func() map[string]float64 {
		var all metricdata.ResourceMetrics
		if err := reader.Collect(context.Background(), &all); err != nil {
			t.Fatal(err)
		}
		return figures(t, all)
	}
}

// figures are the values by the metric's name; of a histogram, how many.
func figures(t *testing.T, all metricdata.ResourceMetrics) map[string]float64 {
	t.Helper()
	got := map[string]float64{}
	add := func(name string, by attribute.Set, value float64) {
		subscription, _ := by.Value("subscription")
		if by.Len() != 1 || subscription.AsString() != "measured" {
			t.Errorf("%s has the attributes %s", name, by.Encoded(attribute.DefaultEncoder()))
		}
		got[name] += value
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, float64(p.Count))
				}
			}
		}
	}
	return got
}

func TestFiguresOfASubscriber(t *testing.T) {
	collect := measured(t)
	log := newLog(t)
	appendN(t, log, "case-1", 3)
	sub := newSubscriber(t, log, bus.SubscriberConfig{Name: "measured", MinBackoff: time.Millisecond, SaveEvery: time.Hour})
	messages := subscribe(t.Context(), t, sub, "case")
	receive(t, messages).Nack()
	receive(t, messages).Ack()
	held := receive(t, messages) // the first is done, two are not
	got := collect()
	if got["yuanlu.bus.lag"] <= 0 || got["yuanlu.bus.checkpoint.age"] <= 0 {
		t.Errorf("a subscription behind has lag %v and a checkpoint of age %v", got["yuanlu.bus.lag"], got["yuanlu.bus.checkpoint.age"])
	}
	delete(got, "yuanlu.bus.lag")
	delete(got, "yuanlu.bus.checkpoint.age")
	want := map[string]float64{
		"yuanlu.bus.deliveries": 3, "yuanlu.bus.redeliveries": 1, "yuanlu.bus.acks": 1, "yuanlu.bus.nacks": 1,
		"yuanlu.bus.handling.duration": 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	held.Ack()
	receive(t, messages).Ack()
	eventually(t, "nothing is behind", func() bool { return collect()["yuanlu.bus.lag"] == 0 })
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok := collect()["yuanlu.bus.lag"]; ok {
		t.Error("a closed subscription has a lag")
	}
}

func TestFiguresOfAPersistentSubscriber(t *testing.T) {
	collect := measured(t)
	log := newLog(t)
	publish(t, log, "orders", 4)
	sub := newPersistent(t, log, bus.PersistentConfig{
		Group: "measured", MaxDeliveries: 2, NackDelay: soon, Parallel: 1,
		Settings: eventlog.GroupSettings{MinCheckpoint: 1, MaxCheckpoint: 1},
	})
	messages := subscribe(t.Context(), t, sub, "orders")
	for range 2 {
		receive(t, messages).Nack()
	}
	answer := func(m *message.Message) { m.Ack(); <-m.Context().Done() }
	answer(receive(t, messages))
	answer(receive(t, messages))
	receive(t, messages) // the last one is held
	eventually(t, "one is parked", func() bool { return collect()["yuanlu.bus.parked"] == 1 })
	got := collect()
	if got["yuanlu.bus.lag"] < 1 || got["yuanlu.bus.lag"] > 4 {
		t.Errorf("lag %v with one message to do", got["yuanlu.bus.lag"])
	}
	delete(got, "yuanlu.bus.lag")
	want := map[string]float64{
		"yuanlu.bus.deliveries": 5, "yuanlu.bus.redeliveries": 1, "yuanlu.bus.acks": 2, "yuanlu.bus.nacks": 2,
		"yuanlu.bus.parks": 1, "yuanlu.bus.parked": 1, "yuanlu.bus.handling.duration": 4,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
