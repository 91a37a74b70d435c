package wire_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/anteroom/anteroom/runtime/wire"
)

func TestErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		err  *wire.Error
		text string
		want wire.Error
	}{
		"an invalid field": {
			wire.Invalid("attributes.map", "unknown"), "invalid_argument at attributes.map: unknown",
			wire.Error{Code: wire.CodeInvalidArgument, Field: "attributes.map", Message: "unknown"},
		},
		"a final refusal": {
			wire.Refuse(wire.CodeNotFound, "no lobby"), "not_found: no lobby",
			wire.Error{Code: wire.CodeNotFound, Message: "no lobby"},
		},
		"a retryable refusal": {
			wire.Refuse(wire.CodeUnavailable, "Redis is down"), "unavailable: Redis is down",
			wire.Error{Code: wire.CodeUnavailable, Message: "Redis is down", Retryable: true},
		},
		"a precondition": {
			wire.Precondition(wire.ReasonLobbyFull, "full"), "failed_precondition (lobby_full): full",
			wire.Error{Code: wire.CodeFailedPrecondition, Reason: wire.ReasonLobbyFull, Message: "full"},
		},
		"an existing object": {
			wire.Already(wire.CodeAlreadyMember, wire.ReasonInParty, "in a party", "P"), "already_member (in_party): in a party",
			wire.Error{Code: wire.CodeAlreadyMember, Reason: wire.ReasonInParty, Message: "in a party", Current: wire.CurrentIDs("P")},
		},
		"an existing object with a hidden id": {
			wire.Already(wire.CodeAlreadyMember, wire.ReasonInParty, "in a party"), "already_member (in_party): in a party",
			wire.Error{Code: wire.CodeAlreadyMember, Reason: wire.ReasonInParty, Message: "in a party"},
		},
		"a bound of the service": {
			wire.Exhausted("", "too many"), "resource_exhausted: too many",
			wire.Error{Code: wire.CodeResourceExhausted, Message: "too many"},
		},
		"a bound at a field": {
			wire.Exhausted("", "too many").At("tags"), "resource_exhausted at tags: too many",
			wire.Error{Code: wire.CodeResourceExhausted, Field: "tags", Message: "too many"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if *tc.err != tc.want {
				t.Errorf("got %+v, want %+v", *tc.err, tc.want)
			}
			if got := tc.err.Error(); got != tc.text {
				t.Errorf("got text %q, want %q", got, tc.text)
			}
			if got := wire.CodeOf(fmt.Errorf("lobby: %w", tc.err)); got != tc.want.Code {
				t.Errorf("got code %q of a wrapped error, want %q", got, tc.want.Code)
			}
		})
	}
	for _, err := range []error{nil, errors.New("no refusal")} {
		if got := wire.CodeOf(err); got != "" {
			t.Errorf("%v: got code %q, want none", err, got)
		}
	}
}

func TestRetryableCodes(t *testing.T) {
	for code, want := range map[wire.Code]bool{
		wire.CodeRateLimited: true, wire.CodeUnavailable: true, wire.CodeDraining: true, wire.CodeDeadlineExceeded: true,
		wire.CodeInvalidArgument: false, wire.CodeVersionConflict: false, wire.CodeFailedPrecondition: false,
		wire.CodeResourceExhausted: false, wire.CodeIdempotencyMismatch: false, wire.CodeNotFound: false,
	} {
		if got := wire.Refuse(code, "").Retryable; got != want {
			t.Errorf("%s: got retryable %v, want %v", code, got, want)
		}
	}
}

func TestTerminalReasons(t *testing.T) {
	for reason, want := range map[wire.CloseReason]bool{
		wire.CloseUnauthenticated: true, wire.CloseBanned: true, wire.CloseUnsupportedProtocol: true, wire.CloseReplaced: true,
		wire.CloseDraining: false, wire.CloseSlowConsumer: false, wire.CloseTokenExpired: false, wire.CloseInsufficientState: false,
		wire.CloseRateLimited: false, wire.CloseDisconnected: false, wire.CloseInvalidPacket: false, wire.ClosePayloadTooLarge: false,
	} {
		if got := reason.Terminal(); got != want {
			t.Errorf("%s: got terminal %v, want %v", reason, got, want)
		}
	}
}

func TestEventOfALobbyPatch(t *testing.T) {
	for want, patch := range map[string]wire.LobbyPatch{
		wire.EventLobbyPatch:    {},
		wire.EventLobbyStarting: {StartsAt: 1},
		wire.EventLobbyHandoff:  {Match: &wire.Match{}},
	} {
		if got := patch.Event(); got != want {
			t.Errorf("%+v: got event %s, want %s", patch, got, want)
		}
	}
}

func TestIdempotencyKeys(t *testing.T) {
	if got := (wire.LobbyReady{Key: wire.Key{Key: "k"}}).IdempotencyKey(); got != "k" {
		t.Errorf("got key %q, want k", got)
	}
}
