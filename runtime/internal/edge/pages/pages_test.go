package pages

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder { return ask(t, http.MethodGet, path) }

func ask(t *testing.T, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	page := Playground(func() Settings { return Settings{Path: "/rt/", LobbyTypes: []string{"duel"}} })
	if strings.HasPrefix(path, v1alpha1.DashboardPath) {
		page = Dashboard()
	}
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w
}

func TestHeaders(t *testing.T) {
	for _, path := range []string{"/playground/", "/playground/settings.json", "/playground/nothing", "/dashboard/", "/dashboard/nothing"} {
		h := get(t, path).Header()
		csp := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: Content-Security-Policy %q lacks %s", path, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || strings.Contains(csp, "*") {
			t.Errorf("%s: Content-Security-Policy %q is too open", path, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestPages(t *testing.T) {
	for _, base := range []string{v1alpha1.PlaygroundPath, v1alpha1.DashboardPath} {
		t.Run(base, func(t *testing.T) { testPage(t, base) })
	}
}

func testPage(t *testing.T, base string) {
	w := get(t, base)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
	page := w.Body.String()
	for _, refused := range []string{"style=", "onload=", "onclick=", "<style", "//"} {
		if strings.Contains(page, refused) {
			t.Errorf("the page contains %s, which its Content-Security-Policy refuses:\n%s", refused, page)
		}
	}
	assets, err := fs.ReadDir(dist, "dist"+base+"assets")
	if err != nil || len(assets) == 0 {
		t.Fatalf("assets: %v, %v", assets, err)
	}
	for _, a := range assets {
		path := base + "assets/" + a.Name()
		if !strings.Contains(page, path) {
			t.Errorf("the page does not use %s", path)
		}
		if w := get(t, path); w.Code != http.StatusOK || w.Header().Get("Cache-Control") != forAYear {
			t.Errorf("%s: %d, %v", path, w.Code, w.Header())
		}
	}
}

func TestDocuments(t *testing.T) {
	for path, want := range map[string]string{
		"/playground/settings.json": `{"path":"/rt/","lobbyTypes":["duel"]}`,
		"/playground/users.json":    `{"users":[]}`,
	} {
		w := get(t, path)
		if strings.TrimSpace(w.Body.String()) != want || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s, %v", path, w.Body, w.Header())
		}
	}
}

func TestNotServed(t *testing.T) {
	for _, path := range []string{
		"/playground/assets/", "/playground/web/package.json", "/playground/x", "/dashboard/assets/", "/dashboard/fleet.json", "/dashboard/settings.json",
	} {
		if w := get(t, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, w.Code)
		}
	}
	for _, path := range []string{"/playground/", "/dashboard/"} {
		if w := ask(t, http.MethodPost, path); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d, want 405", path, w.Code)
		}
	}
}
