package host

// The parsers and the walk, for tests.
var (
	EachFile    = eachFile
	ParseMemory = parseMemory
	ParseCPU    = parseCPU
)
