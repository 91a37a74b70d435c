package config

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

// Policies are the PolicySet in force, which follows its file.
type Policies struct {
	path    string
	file    *File
	log     *slog.Logger
	current atomic.Pointer[v1alpha1.PolicySet]
}

// OpenPolicies loads a PolicySet, with errors as those of [Load].
func OpenPolicies(path string, log *slog.Logger) (*Policies, error) {
	file, data, err := OpenFile(path, MaxFileSize)
	if err != nil {
		return nil, err
	}
	p := &Policies{path: path, file: file, log: log}
	set, err := p.decode(data)
	if err != nil {
		return nil, err
	}
	p.current.Store(set)
	return p, nil
}

// Current is the set in force. It is shared and must not be changed.
func (p *Policies) Current() *v1alpha1.PolicySet { return p.current.Load() }

// Watch follows the file until ctx ends. It calls apply, one call at a time,
// with each further set after making it the current one. A file that is bad or
// gone is logged with its problems, and the set in force stays.
func (p *Policies) Watch(ctx context.Context, apply func(*v1alpha1.PolicySet)) {
	p.file.Watch(ctx, func(data []byte, err error) {
		var set *v1alpha1.PolicySet
		if err == nil {
			set, err = p.decode(data)
		}
		if err != nil {
			p.log.ErrorContext(ctx, "new policies refused, the old ones stay",
				"revision", p.Current().Revision, "error", err)
			return
		}
		if set.Revision == p.Current().Revision {
			return
		}
		p.current.Store(set)
		p.log.InfoContext(ctx, "policies changed", "revision", set.Revision)
		apply(set)
	})
}

func (p *Policies) decode(data []byte) (*v1alpha1.PolicySet, error) {
	set := &v1alpha1.PolicySet{}
	if err := decodeFile(p.path, data, v1alpha1.KindPolicySet, set); err != nil {
		return nil, err
	}
	return set, nil
}
