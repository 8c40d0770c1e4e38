package privacy

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// The log of a city knows which master secret the city was begun with. Under
// another one every name would be lost and every account have a second id.
const (
	masterStream    = "city-master"
	fingerprintType = "master-fingerprint.v1"
)

// ErrOtherMaster says that a master secret is not the one that the city's log
// was begun with.
var ErrOtherMaster = errors.New("主密钥与本市事件日志不符 the master secret is not the one that the city's log was begun with")

// fingerprinted is the one event of the stream city-master. It is stored as
// "master-fingerprint.v1", for ever.
type fingerprinted struct {
	Fingerprint string `json:"fingerprint"`
}

// Fingerprint (主密钥指纹) tells master secrets apart, 8 bytes in hex, and is of
// no other use.
func (m Master) Fingerprint() string { return hex.EncodeToString(m.derive("fingerprint", 8)) }

// Begun tells whether the city's log was begun with a master secret.
func Begun(ctx context.Context, log Log) (bool, error) {
	_, err := log.Last(ctx, masterStream)
	if errors.Is(err, eventlog.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Confirm begins the city's log with this master secret, or finds that it was
// begun with it; else it returns [ErrOtherMaster].
func (m Master) Confirm(ctx context.Context, log Log) error {
	stored, err := log.Last(ctx, masterStream)
	if errors.Is(err, eventlog.ErrNotFound) {
		if err = m.begin(ctx, log); err == nil || !errors.Is(err, eventlog.ErrConflict) {
			return err
		}
		stored, err = log.Last(ctx, masterStream) // somebody was faster
	}
	if err != nil {
		return fmt.Errorf("fingerprint of the master secret: %w", err)
	}
	var begun fingerprinted
	if stored.Type != fingerprintType || json.Unmarshal(stored.Data, &begun) != nil || begun.Fingerprint != m.Fingerprint() {
		return ErrOtherMaster
	}
	return nil
}

// begin stores the fingerprint. The event's id is random, so that the log never
// takes another secret's for a repetition.
func (m Master) begin(ctx context.Context, log Log) error {
	data, err := json.Marshal(fingerprinted{m.Fingerprint()})
	if err != nil {
		return fmt.Errorf("fingerprint of the master secret: %w", err)
	}
	event := eventlog.Event{ID: uuid.New(), Type: fingerprintType, Data: data, Meta: []byte(`{"schema":1}`)}
	if _, err := log.Append(ctx, masterStream, eventlog.NoStream, event); err != nil {
		return fmt.Errorf("fingerprint of the master secret: %w", err)
	}
	return nil
}
