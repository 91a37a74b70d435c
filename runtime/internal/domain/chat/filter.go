package chat

import "github.com/anteroom/anteroom/runtime/internal/core/text"

// Filter checks a message before its commit.
type Filter = text.Filter

// Draft is a message before its commit.
type Draft = text.Draft
