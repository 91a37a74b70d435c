package redisstore

import "testing"

func TestParseMemory(t *testing.T) {
	for _, c := range []struct {
		name, info string
		want       Memory
	}{
		{"a limit", "# Memory\r\nused_memory:900\r\nused_memory_human:900B\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction\r\n", Memory{900, 1000}},
		{"no limit", "used_memory:900\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n", Memory{Used: 900}},
		{"a policy that evicts", "used_memory:900\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n", Memory{Used: 900}},
		{"empty", "", Memory{}},
		{"not a number", "used_memory:many\r\nmaxmemory:x\r\n", Memory{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := parseMemory(c.info); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
