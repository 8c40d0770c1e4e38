// Command casebook runs the casebook of a city.
package main

import (
	"os"

	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/casebook"
)

func main() { os.Exit(service.Main("casebook", casebook.New)) }
