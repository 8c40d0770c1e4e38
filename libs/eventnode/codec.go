package eventnode

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// codec is gRPC's own for all messages but two, which go through it as bytes: the
// frames that a read sends and the messages of an append.
type codec struct {
	encoding.CodecV2
}

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// frame is a message that is encoded already. Sending it frees it.
type frame struct {
	data     mem.BufferSlice
	event    bool // it delivers an event
	appended bool // it says that an append has happened
}

// Marshal hands out the bytes of a message.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if f, ok := v.(*frame); ok {
		return f.data, nil
	}
	return c.CodecV2.Marshal(v)
}

// Unmarshal reads a message.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*appendMessage)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	*m = appendMessage{buffer: data.MaterializeToBuffer(mem.DefaultBufferPool())}
	if err := m.decode(m.buffer.ReadOnlyData()); err != nil {
		m.buffer.Free()
		return fmt.Errorf("append: %w", err)
	}
	return nil
}

// pooled makes a buffer of a size and has it filled by appending to it.
func pooled(size int, fill func(dst []byte) []byte) mem.Buffer {
	if mem.IsBelowBufferPoolingThreshold(size) {
		return mem.SliceBuffer(fill(make([]byte, 0, size)))
	}
	pool := mem.DefaultBufferPool()
	bytes := pool.Get(size)
	*bytes = fill((*bytes)[:0])
	return mem.NewBuffer(bytes, pool)
}
