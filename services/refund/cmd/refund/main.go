// Command refund runs the refund service of a city.
package main

import (
	"os"

	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/refund"
)

func main() { os.Exit(service.Main("refund", refund.New)) }
