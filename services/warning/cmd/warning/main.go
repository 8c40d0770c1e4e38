// Command warning runs the warning service of a city.
package main

import (
	"os"

	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/warning"
)

func main() { os.Exit(service.Main("warning", warning.New)) }
