package refund_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/refund"
)

func TestTheOpenAPIDocumentIsThePublishedOne(t *testing.T) { citytest.OpenAPI(t, "refund", refund.New) }
