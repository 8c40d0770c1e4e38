// Command intake runs the intake service of a city.
package main

import (
	"os"

	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/intake"
)

func main() { os.Exit(service.Main("intake", intake.New)) }
