// Command stoppayment runs the stop-payment service of a city.
package main

import (
	"os"

	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment"
)

func main() { os.Exit(service.Main("stoppayment", stoppayment.New)) }
