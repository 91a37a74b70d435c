//go:build linux

package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/anteroom/anteroom/test/load/report"
)

const (
	// pinCommand runs another program on a core.
	pinCommand = "pin"
	// pinnedKey is set in the environment after this program moved to the load's core.
	pinnedKey = "ANTEROOM_LOAD_PINNED"
)

// options are the command line.
type options struct {
	bin, nodeDir, manifest, out, readme, redisTest string
	quick                                          bool
	limit                                          time.Duration
	only                                           *regexp.Regexp
}

func parse(args []string) (options, error) {
	var o options
	var only string
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.StringVar(&o.bin, "bin", "bin/load", "directory with manager, server, the test programs and the peers")
	flags.StringVar(&o.nodeDir, "node", "test/load/peers/node", "directory of the Node peers")
	flags.StringVar(&o.manifest, "manifest", "test/load/cluster.yaml", "what Anteroom runs with")
	flags.StringVar(&o.redisTest, "redisstore", "runtime/internal/infra/redisstore", "directory that redisstore.test runs in")
	flags.StringVar(&o.out, "out", "", "file for the tables; empty means standard output only")
	flags.StringVar(&o.readme, "readme", "", "file that gets the main table between its markers; not from a quick or partial run")
	flags.BoolVar(&o.quick, "quick", false, "one short round instead of three")
	flags.DurationVar(&o.limit, "limit", 10*time.Minute, "when to omit the remaining rounds")
	flags.StringVar(&only, "only", "", "drive only the targets whose key matches this expression")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	if only != "" {
		o.only, err = regexp.Compile(only)
	}
	return o, err
}

func main() {
	runtime.LockOSThread() // the kernel ends processes with the thread that started them
	if len(os.Args) > 3 && os.Args[1] == pinCommand {
		fatal(pin(os.Args[2], os.Args[3:]))
	}
	o, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2)
	}
	cores, err := allowedCores()
	fatal(err)
	if os.Getenv(pinnedKey) == "" {
		fatal(moveTo(cores))
	}
	failed, err := measureAll(o)
	fatal(err)
	if failed {
		os.Exit(1)
	}
}

// coresKey passes the allowed cores to the program after it was pinned to a core.
const coresKey = "ANTEROOM_LOAD_CORES"

// allowedCores returns the cores that this program may use, before it is pinned.
func allowedCores() ([]int, error) {
	if text := os.Getenv(coresKey); text != "" {
		var cores []int
		for field := range strings.FieldsSeq(text) {
			n := 0
			if _, err := fmt.Sscan(field, &n); err != nil {
				return nil, fmt.Errorf("%s: %w", coresKey, err)
			}
			cores = append(cores, n)
		}
		return cores, nil
	}
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("ask for the cores: %w", err)
	}
	var cores []int
	for n := range 1024 {
		if set.IsSet(n) {
			cores = append(cores, n)
		}
	}
	return cores, nil
}

// moveTo restarts this program on the load's core.
func moveTo(cores []int) error {
	if len(cores) < 2 {
		return fmt.Errorf("want a core for the servers and a core for the load, got %d", len(cores))
	}
	if err := stayOn(cores[1]); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	list := strings.Trim(fmt.Sprint(cores), "[]")
	return syscall.Exec(self, os.Args, append(os.Environ(), pinnedKey+"=1", coresKey+"="+list))
}

// measureAll runs all sessions and writes the tables. It reports failed after a wrong
// delivery, or a fault that prevented a measurement.
func measureAll(o options) (failed bool, err error) {
	debug.SetGCPercent(400)
	cores, err := allowedCores()
	if err != nil {
		return false, err
	}
	b := &bench{
		options: o, results: report.New(), began: time.Now(), times: fullTimes,
		cores: len(cores), serverCore: cores[0], loadCore: cores[1], redisCore: cores[1],
	}
	if len(cores) > 2 {
		b.redisCore = cores[2]
	}
	if o.quick {
		b.times = quickTimes
	}
	b.deadline = b.began.Add(o.limit)
	if b.dir, err = os.MkdirTemp("", "anteroom-load-"); err != nil {
		return false, fmt.Errorf("make a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	cleanOnSignal(b.dir)
	if err := b.prepare(); err != nil {
		return false, err
	}
	b.all()
	text := b.describe() + b.tables()
	fmt.Println(text)
	if o.out != "" {
		if err := os.WriteFile(o.out, []byte(text), 0o644); err != nil {
			return false, fmt.Errorf("write the tables: %w", err)
		}
	}
	if o.readme != "" && !o.quick && o.only == nil {
		if err := b.writeReadme(o.readme); err != nil {
			return false, err
		}
	}
	for _, f := range b.failed {
		_, _ = fmt.Fprintln(os.Stderr, "failed:", f)
	}
	return len(b.failed) > 0, nil
}

// cleanOnSignal removes all files on Ctrl-C; the kernel ends the processes.
func cleanOnSignal(dir string) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-caught
		_ = os.RemoveAll(dir)
		os.Exit(130)
	}()
}

func fatal(err error) {
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}
