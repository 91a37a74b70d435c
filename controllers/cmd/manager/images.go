package main

import (
	"github.com/spf13/pflag"

	"github.com/anteroom/anteroom/controllers/internal/desired/stack"
)

// Default images for clusters that name none.
const (
	serverRepository = "ghcr.io/anteroom/anteroom-server"
	redisImage       = "docker.io/library/redis:7.2-alpine"
)

// imageFlags adds the flags that replace the default images of this version.
func imageFlags(flags *pflag.FlagSet, images *stack.Images) {
	flags.StringVar(&images.Server, "server-image", serverRepository+":"+version, "image of the socket server for clusters that name none")
	flags.StringVar(&images.Redis, "redis-image", redisImage, "image of Redis for clusters that name none")
}
