package chat

import "github.com/anteroom/anteroom/runtime/internal/text"

// Filter looks at what users want to say before it is said.
type Filter = text.Filter

// Draft is what a user wants to say.
type Draft = text.Draft
