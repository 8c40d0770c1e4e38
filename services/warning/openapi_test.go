package warning_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/warning"
)

func TestTheOpenAPIDocumentIsThePublishedOne(t *testing.T) {
	citytest.OpenAPI(t, "warning", warning.New)
}
