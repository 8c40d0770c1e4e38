package host

// The parsers, for tests.
var (
	ParseMemory = parseMemory
	ParseCPU    = parseCPU
)
