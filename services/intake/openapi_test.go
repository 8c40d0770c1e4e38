package intake_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/intake"
)

func TestTheOpenAPIDocumentIsThePublishedOne(t *testing.T) { citytest.OpenAPI(t, "intake", intake.New) }
