// Package architecture holds the rules that keep the house in order: who may
// import whom.
package architecture

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/anteroom/anteroom/"

// rule forbids the packages under From to import, without tests, anything that
// Allow does not permit.
type rule struct {
	name string
	// from tells whether the rule speaks of a package (its path within the module).
	from func(pkg string) bool
	// allow tells whether the import is permitted: a path within the module when it
	// is ours, the full path otherwise.
	allow func(imp string, ours bool) bool
}

var domains = []string{"chat", "lobby", "party", "matchmaking", "presence", "notify", "room"}

// lower lists, for each domain, the domains it may build on.
var lower = map[string][]string{
	"lobby":       {"presence"},
	"party":       {"lobby", "presence"},
	"matchmaking": {"party", "lobby", "presence"},
}

// The rings of the operator, from the inside: pure builders and conditions, access to the API server
// and the pods, controllers. Only the manager imports them all.
var (
	operatorPure        = []string{"controllers/internal/desired", "controllers/internal/status"}
	operatorAccess      = []string{"controllers/internal/apply", "controllers/internal/podstatus", "controllers/internal/policyrefs"}
	operatorControllers = []string{"controllers/internal/realtimecluster", "controllers/internal/policystatus"}
)

// core is the ring that every domain builds on, with the contract: streams and the small
// machines around them, without a domain, a database or a network.
var core = []string{"runtime/wire", "runtime/internal/core"}

func rules() []rule {
	all := []rule{
		{"api imports only apimachinery and std", under("api"), func(imp string, ours bool) bool {
			return ours && under("api")(imp) || !ours && (std(imp) || ofModule(imp, "k8s.io/apimachinery"))
		}},
		{"runtime/wire imports std only", under("runtime/wire"), func(imp string, ours bool) bool {
			return !ours && std(imp)
		}},
		{"controllers never import runtime", under("controllers"), func(imp string, ours bool) bool {
			return !ours || !under("runtime")(imp)
		}},
		{"runtime never imports controllers or Kubernetes clients", under("runtime"), func(imp string, ours bool) bool {
			if ours {
				return !under("controllers")(imp)
			}
			return !ofModule(imp, "k8s.io/client-go", "k8s.io/api", "sigs.k8s.io/controller-runtime")
		}},
		{"desired and status know no client", under("controllers/internal/desired", "controllers/internal/status"), func(imp string, ours bool) bool {
			return ours || !ofModule(imp, "k8s.io/client-go", "sigs.k8s.io/controller-runtime")
		}},
		{"desired and status import no other package of the operator", under(operatorPure...), func(imp string, ours bool) bool {
			return !ours || !under("controllers")(imp) || under(operatorPure...)(imp)
		}},
		{"apply, podstatus and policyrefs build on the pure ring alone", under(operatorAccess...), func(imp string, ours bool) bool {
			return !ours || !under("controllers")(imp) || under(operatorPure...)(imp)
		}},
		{"a controller imports no other controller and no assembly", under(operatorControllers...), func(imp string, ours bool) bool {
			return !ours || !under("controllers")(imp) || under(operatorPure...)(imp) || under(operatorAccess...)(imp)
		}},
		{"manifest and bootstrap import no package of the operator", under("controllers/internal/manifest", "controllers/internal/bootstrap"), func(imp string, ours bool) bool {
			return !ours || !under("controllers")(imp)
		}},
		{"only socketio imports the Socket.IO library", not("runtime/internal/edge/socketio"), func(imp string, ours bool) bool {
			return ours || !ofModule(imp, "github.com/zishang520")
		}},
		{"only redisstore imports go-redis", not("runtime/internal/infra/redisstore", "test"), func(imp string, ours bool) bool {
			return ours || !ofModule(imp, "github.com/redis")
		}},
		{"the session knows no socket library and no database", under("runtime/internal/edge/session"), func(imp string, ours bool) bool {
			return !ours || !under("runtime/internal/infra", "runtime/internal/edge/socketio", "runtime/internal/domain")(imp)
		}},
		{"the edge knows no infrastructure", under("runtime/internal/edge"), func(imp string, ours bool) bool {
			return !ours || !under("runtime/internal/infra", "runtime/internal/cluster")(imp)
		}},
		{"infrastructure knows no edge", under("runtime/internal/infra"), func(imp string, ours bool) bool {
			return !ours || !under("runtime/internal/edge")(imp)
		}},
		{"only app assembles", not("runtime/internal/app", "runtime/cmd"), func(imp string, ours bool) bool {
			return !ours || !under("runtime/internal/app")(imp)
		}},
		{"test and hack use public packages", under("test", "hack"), func(imp string, ours bool) bool {
			return !ours || !strings.Contains("/"+imp+"/", "/internal/")
		}},
	}
	all = append(all, rule{"the core builds on nothing but the contract", under(core...), func(imp string, ours bool) bool {
		return !ours && imp != "net/http" || ours && under(core...)(imp)
	}})
	for _, domain := range domains {
		all = append(all, domainRule(domain))
	}
	all = append(all, rule{"the rules of a domain import nothing with which they could do I/O", pureRules, rulesImport})
	return all
}

// pureRules reports whether a package holds the rules of a domain.
func pureRules(pkg string) bool {
	return under("runtime/internal/domain")(pkg) && strings.HasSuffix(pkg, "/rules")
}

// pure lists the packages of the core without a store, a context or a clock.
var pure = []string{
	"runtime/wire", "runtime/internal/core/text", "runtime/internal/core/jsonpatch", "runtime/internal/core/liveness",
}

// rulesImport permits pure packages only. A rule has no context and no store, so that a
// transition cannot read or write anything but the document.
func rulesImport(imp string, ours bool) bool {
	if ours {
		return slices.Contains(pure, imp)
	}
	return std(imp) && !under("context", "net", "os", "io", "database", "log", "math/rand", "crypto/rand", "sync", "syscall", "unsafe")(imp)
}

// domainRule allows a domain the contract, the core and the domains below it; neither Redis
// nor Socket.IO nor HTTP.
func domainRule(domain string) rule {
	allowed := append(slices.Clone(core), "runtime/internal/domain/"+domain)
	for _, l := range lower[domain] {
		allowed = append(allowed, "runtime/internal/domain/"+l)
	}
	return rule{
		name: domain + " imports only the contract, the core and the domains below it",
		from: under("runtime/internal/domain/" + domain),
		allow: func(imp string, ours bool) bool {
			return ours && under(allowed...)(imp) || !ours && imp != "net/http"
		},
	}
}

func TestImportRules(t *testing.T) {
	pkgs := list(t)
	if len(pkgs) < 10 {
		t.Fatalf("go list found only %d packages; the rules would prove nothing", len(pkgs))
	}
	for _, r := range rules() {
		for _, p := range pkgs {
			if !r.from(p.path) {
				continue
			}
			for _, imp := range p.imports {
				path, ours := strings.CutPrefix(imp, module)
				if !r.allow(path, ours) {
					t.Errorf("%s: %s imports %s", r.name, p.path, imp)
				}
			}
		}
	}
}

// TestRulesBite shows that the rules are not empty: each refuses an import that
// breaks it.
func TestRulesBite(t *testing.T) {
	breaches := []struct{ from, imp string }{
		{"api/v1alpha1", "sigs.k8s.io/yaml"},
		{"runtime/wire", module + "runtime/internal/core/stream"},
		{"controllers/cmd/manager", module + "runtime/wire"},
		{"runtime/internal/app", "k8s.io/client-go/kubernetes"},
		{"controllers/internal/desired", "sigs.k8s.io/controller-runtime/pkg/client"},
		{"controllers/internal/desired/stack", module + "controllers/internal/apply"},
		{"controllers/internal/status", module + "controllers/internal/podstatus"},
		{"controllers/internal/apply", module + "controllers/internal/policyrefs"},
		{"controllers/internal/podstatus", module + "controllers/internal/realtimecluster"},
		{"controllers/internal/policystatus", module + "controllers/internal/realtimecluster"},
		{"controllers/internal/realtimecluster", module + "controllers/internal/manager"},
		{"controllers/internal/manifest", module + "controllers/internal/desired"},
		{"runtime/internal/edge/session", "github.com/zishang520/socket.io/servers/socket/v3"},
		{"runtime/internal/domain/lobby", "github.com/redis/go-redis/v9"},
		{"runtime/internal/edge/session", module + "runtime/internal/infra/redisstore"},
		{"runtime/internal/domain/lobby", module + "runtime/internal/app"},
		{"hack/local", module + "runtime/internal/infra/config"},
		{"runtime/internal/domain/chat", module + "runtime/internal/domain/lobby"},
		{"runtime/internal/domain/lobby", "net/http"},
		{"runtime/internal/core/document", module + "runtime/internal/domain/party"},
		{"runtime/internal/core/stream", "net/http"},
		{"runtime/internal/edge/serverapi", module + "runtime/internal/infra/redisstore"},
		{"runtime/internal/infra/auth", module + "runtime/internal/edge/session"},
		{"runtime/internal/domain/lobby/rules", "context"},
		{"runtime/internal/domain/lobby/rules", "math/rand/v2"},
		{"runtime/internal/domain/lobby/rules", module + "runtime/internal/core/stream"},
		{"runtime/internal/domain/lobby/rules", module + "runtime/internal/core/membership"},
		{"runtime/internal/domain/lobby/rules", module + "runtime/internal/domain/lobby"},
		{"runtime/internal/domain/party/rules", "context"},
	}
	for _, b := range breaches {
		path, ours := strings.CutPrefix(b.imp, module)
		refused := slices.ContainsFunc(rules(), func(r rule) bool {
			return r.from(b.from) && !r.allow(path, ours)
		})
		if !refused {
			t.Errorf("no rule refuses that %s imports %s", b.from, b.imp)
		}
	}
}

type pkg struct {
	path    string
	imports []string
}

// list reads the module's packages and their direct imports, tests left out.
func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	dec := json.NewDecoder(bufio.NewReader(bytes.NewReader(out)))
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, pkg{strings.TrimPrefix(p.ImportPath, module), p.Imports})
	}
}

func under(dirs ...string) func(string) bool {
	return func(p string) bool {
		return slices.ContainsFunc(dirs, func(d string) bool { return p == d || strings.HasPrefix(p, d+"/") })
	}
}

func not(dirs ...string) func(string) bool {
	in := under(dirs...)
	return func(p string) bool { return !in(p) }
}

// std tells whether an import is the standard library: its first element has no dot.
func std(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

// ofModule tells whether an import is of one of the modules (or hosts) named.
func ofModule(imp string, modules ...string) bool { return under(modules...)(imp) }
