package entry

import "github.com/yuanlu/yuanlu/libs/identity"

// Officer is a second officer as he is named in a request; the first is the
// one who is logged in.
type Officer struct {
	PoliceNo string `json:"policeNo" doc:"警号" maxLength:"20"`
	Unit     string `json:"unit" doc:"12-digit unit code" maxLength:"12"`
}

// Check reads the police number and the unit code. An officer who is not named at all is left to the
// rules, which ask for two.
func (o Officer) Check(pointer string) (policeNo string, unit identity.Unit, err error) {
	if o.PoliceNo == "" {
		return "", "", nil
	}
	if policeNo, err = identity.ParsePoliceNo(o.PoliceNo); err != nil {
		return "", "", at(err, pointer+"/policeNo")
	}
	if personal(policeNo) {
		return "", "", ErrPersonalNumber.At("%s/policeNo", pointer)
	}
	unit, err = identity.ParseUnit(o.Unit)
	if err != nil {
		return "", "", at(err, pointer+"/unit")
	}
	return policeNo, unit, nil
}
