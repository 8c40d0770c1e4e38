package event

// Names of the subscriptions that react to the log. They name checkpoints, so
// they are contracts: a renamed one would hear everything again.
const (
	IntakeReactor      = "intake-reactor"
	StopPaymentReactor = "stoppayment-reactor"
	RefundReactor      = "refund-reactor"
)
