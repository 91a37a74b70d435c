package redisstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
)

// A record is stored and published as a header line and the data:
//
//	seq ts epoch name control
//	data
//
// commit.lua writes seq, ts and epoch; encodeEvent writes the rest. Control is JSON, or "-"
// for none.

// encodeEvent encodes the part of a record that is known before the commit.
func encodeEvent(e *stream.Event) (string, error) {
	control := "-"
	if !e.Control.Empty() {
		b, err := json.Marshal(e.Control)
		if err != nil {
			return "", err
		}
		control = string(b)
	}
	return e.Name + " " + control + "\n" + string(e.Data), nil
}

var errRecord = errors.New("redis: malformed record")

// decodeRecord decodes a record.
func decodeRecord(entry string) (stream.Record, error) {
	header, data, ok := strings.Cut(entry, "\n")
	if !ok {
		return stream.Record{}, fmt.Errorf("%w: no header", errRecord)
	}
	f := strings.SplitN(header, " ", 5)
	if len(f) != 5 || f[2] == "" || f[3] == "" {
		return stream.Record{}, fmt.Errorf("%w: header %.100q", errRecord, header)
	}
	var r stream.Record
	var err error
	if r.Seq, err = strconv.ParseUint(f[0], 10, 64); err != nil {
		return stream.Record{}, fmt.Errorf("%w: seq: %w", errRecord, err)
	}
	if r.TS, err = strconv.ParseInt(f[1], 10, 64); err != nil {
		return stream.Record{}, fmt.Errorf("%w: ts: %w", errRecord, err)
	}
	r.Epoch, r.Name, r.Data = f[2], f[3], json.RawMessage(data)
	if f[4] != "-" {
		if err := json.Unmarshal([]byte(f[4]), &r.Control); err != nil {
			return stream.Record{}, fmt.Errorf("%w: control: %w", errRecord, err)
		}
	}
	return r, nil
}

// decodeRecords decodes the records in a script's reply.
func decodeRecords(reply any) ([]stream.Record, error) {
	entries, err := parts(reply, 0)
	if err != nil {
		return nil, err
	}
	records := make([]stream.Record, len(entries))
	for i, e := range entries {
		if records[i], err = decodeRecord(text(e)); err != nil {
			return nil, err
		}
	}
	return records, nil
}
