package eventnode

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// maxGroupFigures bounds the persistent subscriptions that have figures of their
// own, engineAnswers the time that a scrape waits for the engine.
const (
	maxGroupFigures = 500
	engineAnswers   = 2 * time.Second
)

// groupFigure is what is known of one persistent subscription.
type groupFigure struct {
	stream, group string
	lag           uint64 // events that are in the log and have not been acknowledged
	parked        uint64
	inFlight      uint64
	consumers     uint64
}

// figures are what is asked for at the time of a scrape.
type figures struct {
	node   *Node
	first  uint64 // position at the start
	asking sync.Mutex

	built, failed, writable, connections, position, appended, expiry,
	diskFree, diskTotal, storeBytes,
	memtables, memtableBytes, walFiles, walBytes, walWritten, debt, compactions, flushes,
	levelZero, amplification, cacheBytes, cacheHits, cacheMisses,
	groupLag, groupParked, groupInFlight, groupConsumers, groupsOmitted *prometheus.Desc
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

func newFigures(n *Node) *figures {
	first, _ := n.store.tail.load()
	return &figures{
		node: n, first: first,
		built:       desc("eventnode_build_info", "The versions that the node was built from.", "version", "go"),
		failed:      desc("eventnode_failed", "1 when the storage has failed and the process must be restarted."),
		writable:    desc("eventnode_writable", "1 as long as appends are taken: 0 when the disk is full or has failed."),
		connections: desc("eventnode_connections", "Connections of clients."),
		position:    desc("eventnode_last_position", "Position of the last event that is on disk."),
		appended:    desc("eventnode_appended_events_total", "Events that were appended since the start."),
		expiry:      desc("eventnode_certificate_expiry_timestamp_seconds", "When the certificate that is shown ends."),
		diskFree:    desc("eventnode_disk_free_bytes", "Bytes that the node may still write on its disk."),
		diskTotal:   desc("eventnode_disk_size_bytes", "Bytes of the disk."),
		storeBytes:  desc("eventnode_store_bytes", "Bytes of the files of the store."),

		memtables:     desc("eventnode_engine_memtables", "Memory tables, those that are being written out included."),
		memtableBytes: desc("eventnode_engine_memtable_bytes", "Bytes of the memory tables."),
		walFiles:      desc("eventnode_engine_wal_files", "Files of the write-ahead log that are needed."),
		walBytes:      desc("eventnode_engine_wal_bytes", "Bytes of the write-ahead log that are needed."),
		walWritten:    desc("eventnode_engine_wal_written_bytes_total", "Bytes written to the write-ahead log since the start."),
		debt:          desc("eventnode_engine_compaction_debt_bytes", "Bytes that wait to be compacted, roughly."),
		compactions:   desc("eventnode_engine_compactions_total", "Compactions since the start."),
		flushes:       desc("eventnode_engine_flushes_total", "Memory tables written out since the start."),
		levelZero:     desc("eventnode_engine_level_zero_files", "Files that reads must look at one by one."),
		amplification: desc("eventnode_engine_read_amplification", "Levels that a read must look at."),
		cacheBytes:    desc("eventnode_engine_cache_bytes", "Bytes of the block cache."),
		cacheHits:     desc("eventnode_engine_cache_hits_total", "Blocks found in the cache since the start."),
		cacheMisses:   desc("eventnode_engine_cache_misses_total", "Blocks not found in the cache since the start."),

		groupLag:       desc("eventnode_group_lag_events", "Events that a persistent subscription has not been given yet, or roughly so.", "stream", "group"),
		groupParked:    desc("eventnode_group_parked_events", "Events that a persistent subscription has parked.", "stream", "group"),
		groupInFlight:  desc("eventnode_group_in_flight_events", "Events that consumers have and have not answered.", "stream", "group"),
		groupConsumers: desc("eventnode_group_consumers", "Consumers of a persistent subscription.", "stream", "group"),
		groupsOmitted:  desc("eventnode_groups_omitted", "Persistent subscriptions beyond those that have figures of their own."),
	}
}

// Describe describes nothing: the figures are not checked against a list.
func (f *figures) Describe(chan<- *prometheus.Desc) {}

// Collect asks for all figures.
func (f *figures) Collect(out chan<- prometheus.Metric) {
	if !f.node.desk.enter() {
		return
	}
	defer f.node.desk.leave()
	last, _ := f.node.store.tail.load()
	gauge(out, f.built, 1, version(), runtime.Version())
	failed := f.node.store.failure.cause() != nil
	gauge(out, f.failed, map[bool]float64{true: 1}[failed])
	gauge(out, f.writable, map[bool]float64{true: 1}[f.node.Writable() == nil])
	gauge(out, f.connections, float64(len(f.node.door.inside)))
	gauge(out, f.position, float64(last))
	total(out, f.appended, float64(last-f.first))
	if ends := f.node.ends(); !ends.IsZero() {
		gauge(out, f.expiry, float64(ends.Unix()))
	}
	f.disk(out)
	if !failed {
		f.engine(out)
		f.groups(out)
	}
}

func (f *figures) disk(out chan<- prometheus.Metric) {
	usage, err := f.node.store.fs.GetDiskUsage(f.node.store.dir)
	if err != nil {
		return // not to be known
	}
	gauge(out, f.diskFree, float64(usage.AvailBytes))
	gauge(out, f.diskTotal, float64(usage.TotalBytes))
}

// engine tells what the storage engine answers.
func (f *figures) engine(out chan<- prometheus.Metric) {
	m := f.ask()
	if m == nil {
		return
	}
	gauge(out, f.storeBytes, float64(m.DiskSpaceUsage()))
	gauge(out, f.memtables, float64(m.MemTable.Count))
	gauge(out, f.memtableBytes, float64(m.MemTable.Size))
	gauge(out, f.walFiles, float64(m.WAL.Files))
	gauge(out, f.walBytes, float64(m.WAL.Size))
	total(out, f.walWritten, float64(m.WAL.BytesWritten))
	gauge(out, f.debt, float64(m.Compact.EstimatedDebt))
	total(out, f.compactions, float64(m.Compact.Count))
	total(out, f.flushes, float64(m.Flush.Count))
	gauge(out, f.levelZero, float64(m.Levels[0].TablesCount))
	gauge(out, f.amplification, float64(m.ReadAmp()))
	gauge(out, f.cacheBytes, float64(m.BlockCache.Size))
	total(out, f.cacheHits, float64(m.BlockCache.Hits))
	total(out, f.cacheMisses, float64(m.BlockCache.Misses))
}

// ask asks the engine, unless its last answer is still awaited: it may be waiting
// for its disk.
func (f *figures) ask() *pebble.Metrics {
	if !f.asking.TryLock() {
		return nil
	}
	if !f.node.desk.enter() {
		f.asking.Unlock()
		return nil
	}
	answer := make(chan *pebble.Metrics, 1)
	go func() {
		defer f.asking.Unlock()
		defer f.node.desk.leave()
		answer <- f.node.store.engine().Metrics()
	}()
	timer := time.NewTimer(engineAnswers)
	defer timer.Stop()
	select {
	case m := <-answer:
		return m
	case <-timer.C:
		return nil
	}
}

func (f *figures) groups(out chan<- prometheus.Metric) {
	all := f.node.groupFigures()
	omitted := max(0, len(all)-maxGroupFigures)
	gauge(out, f.groupsOmitted, float64(omitted))
	for _, g := range all[:len(all)-omitted] {
		gauge(out, f.groupLag, float64(g.lag), g.stream, g.group)
		gauge(out, f.groupParked, float64(g.parked), g.stream, g.group)
		gauge(out, f.groupInFlight, float64(g.inFlight), g.stream, g.group)
		gauge(out, f.groupConsumers, float64(g.consumers), g.stream, g.group)
	}
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, value float64, labels ...string) {
	if m, err := prometheus.NewConstMetric(d, prometheus.GaugeValue, value, labels...); err == nil {
		out <- m // a name that is not UTF-8 has no figure
	}
}

func total(out chan<- prometheus.Metric, d *prometheus.Desc, value float64) {
	if m, err := prometheus.NewConstMetric(d, prometheus.CounterValue, value); err == nil {
		out <- m
	}
}

// version is that of the program's main module.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
