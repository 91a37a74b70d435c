package engineio

// outbox is a queue of frames with a count of the bytes still to be written. The
// caller bounds and locks it.
type outbox struct {
	frames []*Frame
	// head is the first frame, of which off bytes are already written.
	head, off int
	// bytes is what is left to write.
	bytes int
	// inflight frames from head on are in a batch that is being written.
	inflight int
}

// keepFrames is how many slots an empty outbox keeps.
const keepFrames = 32

func (o *outbox) empty() bool { return o.head == len(o.frames) }

func (o *outbox) len() int { return len(o.frames) - o.head }

func (o *outbox) push(f *Frame) {
	if o.head > 0 && len(o.frames) == cap(o.frames) {
		n := copy(o.frames, o.frames[o.head:])
		clear(o.frames[n:])
		o.frames, o.head = o.frames[:n], 0
	}
	o.frames = append(o.frames, f)
	o.bytes += len(f.wire)
}

// batch returns the bytes to write next: the first frame's own bytes, if the frame is alone or
// large, else as many frames as fit into scratch. They stay queued until advance removes the
// written bytes.
func (o *outbox) batch(scratch []byte) []byte {
	first := o.frames[o.head].wire[o.off:]
	o.inflight = 1
	if o.head+1 == len(o.frames) || len(first)+len(o.frames[o.head+1].wire) > cap(scratch) {
		return first
	}
	scratch = append(scratch[:0], first...)
	for _, f := range o.frames[o.head+1:] {
		if len(scratch)+len(f.wire) > cap(scratch) {
			break
		}
		scratch = append(scratch, f.wire...)
		o.inflight++
	}
	return scratch
}

// advance drops n written bytes and ends the batch. It tells how many frames are done.
func (o *outbox) advance(n int) (done int) {
	o.bytes -= n
	o.inflight = 0
	for n > 0 {
		rest := len(o.frames[o.head].wire) - o.off
		if n < rest {
			o.off += n
			return done
		}
		n -= rest
		o.pop()
		done++
	}
	return done
}

func (o *outbox) pop() *Frame {
	f := o.frames[o.head]
	o.frames[o.head] = nil
	o.head++
	o.off = 0
	if o.empty() {
		o.head = 0
		o.frames = o.frames[:0]
		if cap(o.frames) > keepFrames {
			o.frames = nil
		}
	}
	return f
}

// cut drops all frames that are neither in the batch being written nor begun.
func (o *outbox) cut() {
	keep := o.inflight
	if keep == 0 && o.off > 0 {
		keep = 1
	}
	keep += o.head
	for i, f := range o.frames[keep:] {
		o.bytes -= len(f.wire)
		o.frames[keep+i] = nil
	}
	o.frames = o.frames[:keep]
}

// holds reports whether f is still queued.
func (o *outbox) holds(f *Frame) bool {
	for _, queued := range o.frames[o.head:] {
		if queued == f {
			return true
		}
	}
	return false
}

// inflightHolds reports whether f is in the batch being written.
func (o *outbox) inflightHolds(f *Frame) bool {
	for _, queued := range o.frames[o.head : o.head+o.inflight] {
		if queued == f {
			return true
		}
	}
	return false
}
