package process

import (
	"net"
	"strconv"
	"sync"
	"testing"
)

func TestFreeAddressesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 50 {
		address, err := FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		if seen[address] {
			t.Errorf("got %s twice", address)
		}
		seen[address] = true
		host, text, err := net.SplitHostPort(address)
		if port, _ := strconv.Atoi(text); err != nil || host != "127.0.0.1" || port < firstPort || port >= lastPort {
			t.Errorf("got %s, %v, want a port of 127.0.0.1 from %d to %d", address, err, firstPort, lastPort)
		}
	}
}

func TestOutputIsReadWhileItGrows(t *testing.T) {
	var out Output
	if got := out.String(); got != "" {
		t.Errorf("got %q of the zero Output, want nothing", got)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				if n, err := out.Write([]byte("x\n")); n != 2 || err != nil {
					t.Errorf("got %d, %v, want 2", n, err)
				}
				_ = out.String()
			}
		})
	}
	all.Wait()
	if got := len(out.String()); got != 800 {
		t.Errorf("got %d bytes, want 800", got)
	}
}
