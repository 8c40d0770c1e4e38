package casebook_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/casebook"
)

func TestTheOpenAPIDocumentIsThePublishedOne(t *testing.T) {
	citytest.OpenAPI(t, "casebook", casebook.New)
}
