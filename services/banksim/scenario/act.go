package scenario

// Act (行为) is one thing that officers do, or that is waited for. Exactly one
// field is set. Acts are done in order.
type Act struct {
	ApproveInAdvance *ApproveInAdvance `yaml:"approveInAdvance"`
	ImportAlert      *ImportAlert      `yaml:"importAlert"`
	Dispatch         *Dispatch         `yaml:"dispatch"`
	Sign             *Sign             `yaml:"sign"`
	Contact          *Contact          `yaml:"contact"`
	FindPaid         *FindPaid         `yaml:"findPaid"`
	CloseAlert       *CloseAlert       `yaml:"closeAlert"`
	FileReport       *FileReport       `yaml:"fileReport"`
	AwaitChase       *AwaitChase       `yaml:"awaitChase"`
	MoveClock        *Offset           `yaml:"moveClock"`
	ProposeFiling    *ProposeFiling    `yaml:"proposeFiling"`
	FileCase         *FileCase         `yaml:"fileCase"`
	Freeze           *Freeze           `yaml:"freeze"`
	Refund           *Refund           `yaml:"refund"`
}

// ApproveInAdvance (常设批准) approves stop orders before they are made.
type ApproveInAdvance struct {
	By        Ref    `yaml:"by"` // a shift leader
	MaxAmount Yuan   `yaml:"maxAmount"`
	MaxLevel  int    `yaml:"maxLevel"`
	For       Offset `yaml:"for"`
}

// ImportAlert (预警导入).
type ImportAlert struct {
	By    Ref `yaml:"by"`
	Alert Ref `yaml:"alert"`
}

// Dispatch (下发) to a unit of 12 digits.
type Dispatch struct {
	By    Ref    `yaml:"by"`
	Alert Ref    `yaml:"alert"`
	To    string `yaml:"to"`
}

// Sign (签收).
type Sign struct {
	By    Ref `yaml:"by"`
	Alert Ref `yaml:"alert"`
}

// Contact (联系) the subject of an alert.
type Contact struct {
	By      Ref    `yaml:"by"`
	Partner Ref    `yaml:"partner"` // needed at the door
	Alert   Ref    `yaml:"alert"`
	Channel string `yaml:"channel"` // phone | sms | door
	Target  string `yaml:"target"`  // self | relative
	Result  string `yaml:"result"`
}

// FindPaid (已转账): the subject of an alert has paid what the report declares.
// The case opens by itself.
type FindPaid struct {
	By           Ref `yaml:"by"`
	Alert        Ref `yaml:"alert"`
	Case         Ref `yaml:"case"` // of the report
	Investigator Ref `yaml:"investigator"`
}

// CloseAlert (办结).
type CloseAlert struct {
	By      Ref    `yaml:"by"`
	Alert   Ref    `yaml:"alert"`
	Outcome string `yaml:"outcome"` // dissuaded | mismatch | duplicate | not-found | paid
}

// FileReport (接警) takes a report.
type FileReport struct {
	By           Ref `yaml:"by"`
	Case         Ref `yaml:"case"`
	Investigator Ref `yaml:"investigator"`
}

// AwaitChase (追踪完成) waits until every order of a case is answered and the
// money is followed to its end. Within is real time. StayOpen is how many orders
// may stay without an answer, where a bank never gives one.
type AwaitChase struct {
	Case     Ref    `yaml:"case"`
	Within   Offset `yaml:"within"`
	StayOpen int    `yaml:"stayOpen"`
}

// ProposeFiling (呈请立案).
type ProposeFiling struct {
	By   Ref `yaml:"by"`
	Case Ref `yaml:"case"`
}

// FileCase (立案), by a chief of county level or above.
type FileCase struct {
	By   Ref `yaml:"by"`
	Case Ref `yaml:"case"`
}

// Freeze (冻结) all accounts of the chase and wait until the banks have answered.
type Freeze struct {
	By           Ref `yaml:"by"` // a chief of county level or above
	Case         Ref `yaml:"case"`
	Operator     Ref `yaml:"operator"`
	Investigator Ref `yaml:"investigator"`
	Months       int `yaml:"months"` // 6 if left out
}

// Refund (返还) carries every procedure of the case through to the money on the
// victim's account. Notice is how long the clock moves for public notices.
type Refund struct {
	Case     Ref    `yaml:"case"`
	By       Ref    `yaml:"by"`
	Partner  Ref    `yaml:"partner"`
	Approver Ref    `yaml:"approver"` // a chief of city level or above
	Notice   Offset `yaml:"notice"`
}
