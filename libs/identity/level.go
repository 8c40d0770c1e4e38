package identity

import "slices"

// Level (级别) of a unit or person. Who may approve what depends on it.
type Level string

// The levels, lowest first.
const (
	Station  Level = "station"  // 派出所
	County   Level = "county"   // 县级公安机关
	City     Level = "city"     // 设区的市级公安机关
	Province Level = "province" // 省级公安机关
)

// Levels lists the levels, lowest first.
func Levels() []Level { return []Level{Station, County, City, Province} }

// AtLeast tells whether the level is as high as another. An unknown level, and
// the absent level of those outside the police, is below all.
func (l Level) AtLeast(other Level) bool {
	own, asked := slices.Index(Levels(), l), slices.Index(Levels(), other)
	return own >= 0 && asked >= 0 && own >= asked
}
