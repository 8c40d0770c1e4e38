package view

// Kept is how many statements a connection of a view keeps.
func Kept(driverConn any) int {
	c, ok := driverConn.(*conn)
	if !ok {
		return -1
	}
	return len(c.kept)
}

// Statements is how many it keeps at the most.
const Statements = statements
