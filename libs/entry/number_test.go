package entry_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/rule"
)

func TestI64_ADocumentNumberHasNoRoomForAPerson(t *testing.T) {
	for _, good := range []string{
		"", "茂公（反诈）止付字〔2025〕123号", "茂公冻〔2021〕1号", "茂公止〔2021〕1号", "公刑冻字〔2026〕012345号", "粤公(网安)字[2021]第00123号", "茂公（刑）冻财字〔2021〕00012号之1",
		"茂检刑冻〔2025〕7号", "（2021）粤0982刑初123号", "(2021)粤0902执12号之2", "（2024）最高法刑核3号", "N1", "A-12", "GA-000012", "2025-123", "2025/7",
	} {
		if err := entry.DocumentNumber(good, "/noticeNo"); err != nil {
			t.Errorf("%q is refused: %v", good, err)
		}
	}
	for _, bad := range []string{
		theName, thePhone, theID, theCard, "张三丰 13800138000", "茂公冻〔2021〕13800138000号", "茂公冻〔2021〕1号张三丰", "张三丰〔2021〕1号", "N13800138000", "N138-00138000",
		"茂公" + theCard + "〔2021〕1号", "（2021）粤13800138000刑初1号", "ZHANGSAN", "zhang1", "138-00138", " N1", "N1\n", "茂公冻1号", "茂公冻〔1021〕1号",
		strings.Repeat("公", 30) + "〔2021〕1号", "A-1-380013-8000",
	} {
		var v *rule.Violation
		if err := entry.DocumentNumber(bad, "/noticeNo"); !errors.As(err, &v) || !errors.Is(err, entry.ErrDocumentNumber) || v.Pointer != "/noticeNo" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestI64_AnIDIsNobodysNumber(t *testing.T) {
	for _, good := range []string{"", "case-1", "0190a1b2-0000-7000-8000-000000000001", "W-1a2b3c-17"} {
		if err := entry.ID(good, "/case"); err != nil {
			t.Errorf("%q is refused: %v", good, err)
		}
	}
	for bad, want := range map[string]*rule.Violation{
		theName: entry.ErrIDMalformed, "case 1": entry.ErrIDMalformed, "-1": entry.ErrIDMalformed, strings.Repeat("a", 65): entry.ErrIDMalformed,
		thePhone: entry.ErrPersonalNumber, theID: entry.ErrPersonalNumber, theCard: entry.ErrPersonalNumber, "138-0013-8000": entry.ErrPersonalNumber, "W-" + thePhone: entry.ErrPersonalNumber,
	} {
		var v *rule.Violation
		if err := entry.ID(bad, "/case"); !errors.As(err, &v) || !errors.Is(err, want) || v.Pointer != "/case" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, no := range []string{thePhone, theID, theCard} {
		var v *rule.Violation
		if _, _, err := (entry.Officer{PoliceNo: no, Unit: "440982000000"}).Check("/investigator"); !errors.As(err, &v) || !errors.Is(err, entry.ErrPersonalNumber) || v.Pointer != "/investigator/policeNo" {
			t.Errorf("police number %q: %v", no, err)
		}
	}
}

func TestI64_ASerialNumberThatPassesForAPersonsIsKeptAsItsDigest(t *testing.T) {
	d := newDesk(t)
	known := func(number string) bool { return number == "440301040012345" }
	digest := regexp.MustCompile(`^digest:[0-9a-f]{32}$`)
	seen := map[string]string{}
	for _, hidden := range []string{
		theCard, "6222-0212-3456-7890-128", "S-" + theCard, "4111111111111111", theID, "11010519491231002x", "A:" + theID, thePhone, "86" + thePhone, "0086" + thePhone,
		"T/" + thePhone + "/1", "440301040012345", "x-440301040012345", "440301-040012345", "ZhangSanFeng", "li.wei",
	} {
		kept, was, err := d.Serial(hidden, known)
		if err != nil || !was || !digest.MatchString(kept) || !entry.Digested(kept) || seen[kept] != "" {
			t.Errorf("%q became %q, %v, %v", hidden, kept, was, err)
		}
		seen[kept] = hidden
		if again, _, err := d.Serial(hidden, nil); err != nil || again != kept && !strings.Contains(hidden, "0400") {
			t.Errorf("%q became %q, and %q the next time: %v", hidden, kept, again, err)
		}
		if again, was, err := d.Serial(kept, known); again != kept || was || err != nil {
			t.Errorf("its digest became %q, %v, %v", again, was, err)
		}
	}
	for _, plain := range []string{
		"1", "-", "S-1", "2021/07#3", "20210717155000000123", "2021071712345678000001", "202107171550000001", "6222021234567890127", "110105194912310021", "23800138000", "138001380001", "C1", "440301040012346",
	} {
		if kept, was, err := d.Serial(plain, known); kept != plain || was || err != nil {
			t.Errorf("%q became %q, %v, %v", plain, kept, was, err)
		}
	}
	for _, bad := range []string{"", theName, "a b", "1\n"} {
		if kept, _, err := d.Serial(bad, known); kept != "" || !errors.Is(err, identity.ErrSerialMalformed) {
			t.Errorf("%q became %q, %v", bad, kept, err)
		}
	}
}

func TestI64_TheSerialNumberOfATransferIsNoAccountOfIt(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		serial string
		hidden bool
	}{{"S-1", false}, {"", false}, {theCard, true}, {theOther, true}, {thePhone, true}} {
		in := transfer()
		in.Serial = c.serial
		got, warnings, err := d.Transfer(t.Context(), in, "t-1", noon(), "/transfers/0")
		if err != nil {
			t.Fatal(err)
		}
		warned := false
		for _, w := range warnings {
			warned = warned || w == identity.Warning{Code: entry.WarnSerialPersonal, Pointer: "/transfers/0/serial"}
		}
		if warned != c.hidden || entry.Digested(got.Serial) != c.hidden || !c.hidden && got.Serial != c.serial {
			t.Errorf("%q became %q with %v", c.serial, got.Serial, warnings)
		}
	}
}
