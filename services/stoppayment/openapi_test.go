package stoppayment_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment"
)

func TestTheOpenAPIDocumentIsThePublishedOne(t *testing.T) {
	citytest.OpenAPI(t, "stoppayment", stoppayment.New)
}
