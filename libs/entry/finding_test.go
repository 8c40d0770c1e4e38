package entry_test

import (
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
)

func TestAFindingIsToldInChineseAndInEnglish(t *testing.T) {
	for _, code := range []string{
		identity.WarnCardNoLuhn, identity.WarnAccountMalformed, identity.WarnDivisionRetired, identity.WarnDivisionUnknown, identity.WarnPhoneNotMobile,
		identity.WarnIDCardFuture, entry.WarnSerialPersonal, "transfer-possibly-twice",
	} {
		told := entry.Told([]identity.Warning{{Code: code, Pointer: "/account/number"}})
		if len(told) != 1 || told[0].Code != code || told[0].Pointer != "/account/number" || told[0].TitleEN == "" {
			t.Fatalf("%s is told as %+v", code, told)
		}
		if first := []rune(told[0].Title + "x")[0]; !unicode.Is(unicode.Han, first) {
			t.Errorf("%s is not told in Chinese: %q", code, told[0].Title)
		}
	}
	if diff := cmp.Diff([]entry.Finding{}, entry.Told(nil)); diff != "" {
		t.Errorf("nothing found (-want +got):\n%s", diff)
	}
}
