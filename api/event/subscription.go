package event

// Names of the subscriptions that react to the log. They name checkpoints, so
// they are contracts: a renamed one would hear everything again.
const (
	IntakeReactor      = "intake-reactor"
	StopPaymentReactor = "stoppayment-reactor"
	StopPaymentReports = "stoppayment-reports" // the first orders of a report, ahead of all else
	RefundReactor      = "refund-reactor"
)
