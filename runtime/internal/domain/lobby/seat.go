package lobby

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/core/liveness"
	"github.com/anteroom/anteroom/runtime/internal/core/membership"
	"github.com/anteroom/anteroom/runtime/wire"
)

// SeatCommand makes a lobby for users who are to meet in it: each has its place
// before anybody comes.
type SeatCommand struct {
	ID, Code, Name string
	// Teams are the users of each team, in the order of the policy's teams. The first
	// of all is the host.
	Teams [][]Actor
	// Origin is kept with the lobby; nil for none.
	Origin *Origin
	// WithinLimit keeps out users who would be in more lobbies of the type than the policy
	// allows: nobody is seated then, and the error is an *OverLimitError.
	WithinLimit bool
	// Reason is told to the users.
	Reason wire.JoinedReason
	// ArriveWithin is how long a user who does not come keeps its place; 0 means the
	// policy's disconnectGrace.
	ArriveWithin time.Duration
}

// OverLimitError says which users are in as many lobbies of a type as they may be.
type OverLimitError struct{ Users []string }

func (e *OverLimitError) Error() string {
	return fmt.Sprintf("%d users are in as many lobbies of this type as they may be", len(e.Users))
}

// seats are the terms on which a command gives users their places.
type seats struct {
	enrolment string
	reason    wire.JoinedReason
	keptUntil int64
}

func (cmd SeatCommand) seats(now time.Time) seats {
	s := seats{enrolment: cmd.ID, reason: cmd.Reason}
	if cmd.ArriveWithin > 0 {
		s.keptUntil = ms(now.Add(cmd.ArriveWithin))
	}
	return s
}

// Seat makes a lobby in which everybody is a member who is not connected yet: users
// who do not come within cmd.ArriveWithin lose their place. It is locked, so that
// nobody else comes in unless the host wants it.
func Seat(p Policy, cmd SeatCommand, now time.Time) (Lobby, []wire.LobbyPatch, error) {
	name, err := cleanName(cmd.Name, "name")
	if err != nil {
		return Lobby{}, nil, err
	}
	e := &edit{now: now, Lobby: Lobby{
		ID: cmd.ID, Name: name, Status: wire.LobbyLocked, Visibility: p.Visibility.Default,
		MaxMembers: p.Size.Max, Attributes: p.defaults(ofLobby),
		Members: map[string]Member{}, Policy: p, CreatedAt: ms(now), ActiveAt: ms(now), Origin: cmd.Origin,
	}}
	e.name(cmd.Code)
	if p.Lifecycle.MaxLifetime > 0 {
		e.ExpiresAt = ms(now.Add(p.Lifecycle.MaxLifetime))
	}
	host := ""
	for i, team := range cmd.Teams {
		for _, user := range team {
			if host == "" {
				host = user.ID
			}
			if err := e.seat(user, i, cmd.seats(now)); err != nil {
				return Lobby{}, nil, err
			}
		}
	}
	if host == "" || e.Players() > p.Size.Max {
		return Lobby{}, nil, wire.Invalid("teams", fmt.Sprintf("the policy allows 1 to %d players, not %d", p.Size.Max, e.Players()))
	}
	e.begin(host)
	return e.done()
}

// seat gives a user its place in the i-th team.
func (e *edit) seat(user Actor, i int, on seats) error {
	if err := e.expect(user, on.enrolment, wire.RoleMember, wire.MemberInit{}); err != nil {
		return err
	}
	m := e.Members[user.ID]
	m.BroughtBy = &Bringer{Reason: on.reason, KeptUntil: on.keptUntil, news: e.news()}
	m.Team = ""
	if i < e.Policy.Teams.Count {
		m.Team = teamName(i + 1)
	}
	e.Members[user.ID] = m
	return nil
}

// expect admits a user who is not there: it has its place, and the policy's grace to come.
func (e *edit) expect(user Actor, enrolment string, as wire.Role, init wire.MemberInit) error {
	if err := e.admit(user, enrolment, as, init); err != nil {
		return err
	}
	m := e.Members[user.ID]
	m.Live = liveness.Away(e.now)
	e.Members[user.ID] = m
	return nil
}

// seatSpace is the space of names of lobbies that are made for others.
const seatSpace = "lobby-seat"

// Seated makes a lobby of a type for users who are to meet in it. The same key, unless it
// is empty, gives the same lobby again. That a user is in other lobbies keeps it out only
// with WithinLimit: otherwise the caller answers for that.
func (s *Service) Seated(ctx context.Context, lobbyType, key string, cmd SeatCommand) (Lobby, error) {
	policy, known := s.Policies.Policy(lobbyType)
	if !known {
		return Lobby{}, wire.Invalid("type", "there is no such type of lobby")
	}
	var err error
	if cmd.ID, err = s.ids.ID(ctx, seatSpace, "", key); err != nil {
		return Lobby{}, err
	}
	l, _, err := Seat(policy, cmd, s.Now())
	if err != nil {
		return Lobby{}, err
	}
	if there, err := s.load(ctx, cmd.ID); err == nil || !isNotFound(err) {
		return there, err
	}
	if err := s.enrollSeats(ctx, l, slices.Sorted(maps.Keys(l.Members)), cmd.ID, cmd.WithinLimit); err != nil {
		return Lobby{}, err
	}
	if cmd.Code, err = s.claimCode(ctx, l); err != nil {
		return Lobby{}, err
	}
	l, patches, err := Seat(policy, cmd, s.Now())
	if err != nil {
		return Lobby{}, err
	}
	out, err := s.commitNew(ctx, l, patches, s.once(seatSpace, key))
	return out.Lobby, err
}

// enrollSeats counts seats in a lobby among the users' stays. Within the limit it counts all
// or none.
func (s *Service) enrollSeats(ctx context.Context, l Lobby, users []string, enrolment string, within bool) error {
	var over OverLimitError
	for _, user := range users {
		if within {
			stay := membership.Stay{Group: l.ID, Enrolment: enrolment}
			in, err := s.stays.Enter(ctx, typeOf(l.Policy.Type, user), stay, l.Policy.maxPerUser(), user)
			if err != nil {
				return fmt.Errorf("seat a user in a lobby: %w", err)
			}
			if !in {
				over.Users = append(over.Users, user)
				continue
			}
		}
		if err := s.enrollSeat(ctx, l, user, enrolment); err != nil {
			return err
		}
	}
	if len(over.Users) == 0 {
		return nil
	}
	errs := []error{&over}
	for _, user := range users {
		errs = append(errs, s.strike(ctx, user, enrolment, l))
	}
	return errors.Join(errs...)
}

// MaySeat refuses a user who is in as many lobbies of a type as its policy allows, and
// names them.
func (s *Service) MaySeat(ctx context.Context, lobbyType, userID string) error {
	policy, known := s.Policies.Policy(lobbyType)
	if !known {
		return nil
	}
	groups, err := s.stays.Groups(ctx, typeOf(lobbyType, userID))
	if err != nil || len(groups) < policy.maxPerUser() {
		return err
	}
	var in []string
	for _, id := range groups {
		l, err := s.load(ctx, id)
		if err != nil && !isNotFound(err) {
			return err
		}
		if err == nil && !l.Closed() && l.Has(userID) {
			in = append(in, id)
		}
	}
	if len(in) < policy.maxPerUser() {
		return nil
	}
	return wire.Already(wire.CodeFailedPrecondition, wire.ReasonLobbyLimit,
		fmt.Sprintf("a match of this queue is a lobby, and you may be in %d lobbies of its type at once: leave one first", policy.maxPerUser()), in...)
}

// enrollSeat counts a seat among the user's stays, however many it has of the type.
func (s *Service) enrollSeat(ctx context.Context, l Lobby, user, enrolment string) error {
	stay := membership.Stay{Group: l.ID, Enrolment: enrolment}
	for _, set := range []string{typeOf(l.Policy.Type, user), allOf(user)} {
		if in, err := s.stays.Enter(ctx, set, stay, maxLobbies, user); err != nil || !in {
			if err == nil {
				err = s.inTooMany(ctx, user)
			}
			return fmt.Errorf("seat a user in a lobby: %w", err)
		}
	}
	return nil
}
