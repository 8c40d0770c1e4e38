package bank

// What an order asks for, and what answers it (交易码).
const (
	TxStop              = "100101" // 止付
	TxStopAnswer        = "100102" // 止付反馈
	TxLift              = "100103" // 止付解除, names the stop in OriginalApplicationID
	TxLiftAnswer        = "100104" // 止付解除反馈
	TxSecondStop        = "100105" // 止付延期: the second 48 hours
	TxSecondStopAnswer  = "100106" // 止付延期反馈
	TxFreeze            = "100201" // 冻结
	TxFreezeAnswer      = "100202" // 冻结反馈
	TxUnfreeze          = "100203" // 冻结解除, of the whole or of ReleaseAmount
	TxUnfreezeAnswer    = "100204" // 冻结解除反馈
	TxRenewFreeze       = "100205" // 冻结延期 (续冻)
	TxRenewFreezeAnswer = "100206" // 冻结延期反馈
	TxQuery             = "100301" // 账户交易明细查询
	TxQueryAnswer       = "100302" // 账户交易明细查询反馈
	TxHolderQuery       = "100303" // 持卡主体查询
	TxHolderQueryAnswer = "100304" // 持卡主体查询反馈
	TxWatch             = "100305" // 动态查询
	TxWatchAnswer       = "100306" // 动态查询反馈
	TxUnwatch           = "100307" // 动态查询解除
	TxUnwatchAnswer     = "100308" // 动态查询解除反馈
	TxAllAccounts       = "100309" // 客户全账户查询
	TxAllAccountsAnswer = "100310" // 客户全账户查询反馈, lists the measures that stand already
)

// Kinds of application (申请类型, ApplicationType).
const (
	ApplicationRMB          = "00" // first order, RMB current account
	ApplicationForeign      = "01" // first order, foreign currency or fixed deposit
	ApplicationBankRMB      = "02" // as 00, reported by a bank
	ApplicationBankForeign  = "03" // as 01, reported by a bank
	ApplicationPaperRMB     = "04" // 后补: papers follow an order given on paper or by telephone, RMB
	ApplicationPaperForeign = "05" // 后补, foreign currency or fixed deposit
)

// How much of an account a stop holds (止付范围, Order.Scope). Empty is the
// whole account.
const (
	ScopeAll    = "ALL"    // the whole account: only in, none out (只收不付)
	ScopeAmount = "AMOUNT" // 金额止付: StopAmount stays, what is above it may leave
)

// What a freeze holds (冻结方式, Order.FreezeType).
const (
	FreezeLimited = "01" // 限额冻结: up to Order.Balance
	FreezeWhole   = "02" // 全额冻结
)

// What is frozen (财产种类, Order.AssetKind); the term of a freeze depends on it
// (程序规定 art. 243-245). Empty is a deposit.
const (
	AssetDeposit    = "deposit"    // 存款、汇款
	AssetSecurities = "securities" // 债券、股票、基金份额
	AssetEquity     = "equity"     // 股权、保单权益
)

// What a query asks for (查询方式, Order.InquiryMode).
const (
	InquiryBasic  = "01" // 账户信息: balance, state and measures, no rows
	InquiryDetail = "02" // 交易明细: rows of the period
	InquiryBoth   = "03" // 账户信息和交易明细
	InquiryFast   = "04" // 快速明细: the newest rows of the period, at most one page of them
)

// Kinds of measure (在先措施, Measure.Type).
const (
	MeasurePoliceStop   = "0001" // 公安止付
	MeasurePoliceFreeze = "0002" // 公安冻结
	MeasureCourtFreeze  = "1001" // 高法冻结
)

// Kinds of account on the other side of a transfer (对方账户类别,
// Transaction.CounterKind). The first two are the platform's account kinds; of
// the others money is not stopped without a person who decides.
const (
	KindPersonal           = "01" // 个人
	KindCorporate          = "02" // 对公
	KindUtility            = "03" // 公共事业缴费
	KindMerchant           = "04" // 商户
	KindPaymentInstitution = "05" // 支付机构 (备付金): see Transaction.CounterOrderNumber
)

// How the object of a query is named (数据类型, Order.DataType), for payment
// institutions. Empty is an account.
const (
	DataAccount     = "01" // AccountNumber is an account
	DataOrderNumber = "02" // AccountNumber is an order number (订单号) of a payment institution
)

// States of an account (账户状态, HeldAccount.State).
const (
	StateNormal  = "normal"
	StateStopped = "stopped"
	StateFrozen  = "frozen"
	StateClosed  = "closed"
)

// Results of an order (Answer.Result). Any other four digits mean that the
// order was not carried out.
const (
	ResultOK      = "0000" // carried out
	ResultRefused = "0001" // not carried out, for the cause given
	ResultQueued  = "0002" // 轮候: frozen by someone else before; answered again with 0000 when its turn comes
)

// Failure causes of an answer.
const (
	MismatchName    = "mismatch-name"    // 户名不符
	MismatchAccount = "mismatch-account" // 账号不符
	MismatchAmount  = "mismatch-amount"  // 金额不符
	MismatchTime    = "mismatch-time"    // 交易时间不符
	NotFound        = "not-found"        // 未找到账户
	Closed          = "closed"           // 已销户
	Technical       = "technical"        // 技术原因
	Queued          = "queued"           // 轮候: frozen by someone else before
	Ended           = "ended"            // 原措施已失效: what is to be renewed or narrowed has ended by itself
	UnknownOrder    = "unknown-order"    // 原申请编号不存在: OriginalApplicationID names nothing that stands
)

// Return codes of a message itself (返回码), apart from the result of an order.
const (
	ReturnOK         = "100000" // 成功
	ReturnMalformed  = "200001" // 报文格式错
	ReturnTimeout    = "200002" // 超时无应答
	ReturnRepeated   = "200003" // 重复提交
	ReturnForbidden  = "200004" // 未授权
	ReturnTooMany    = "200006" // 次数超限
	ReturnClosed     = "200009" // 通道关闭
	ReturnNoAccounts = "200010" // 未找到账户
)

// RowsPerAnswer is how many rows one answer carries at most. A longer statement
// comes in several answers, see [Answer.Page].
const RowsPerAnswer = 300
