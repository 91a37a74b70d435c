//go:build e2e

package cluster

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// cookieName is the name of the ingress controller's cookie for a client's pod.
const cookieName = "anteroom"

// cookies returns the cookies that lead to the server pods, by the pods' names. The
// ingress controller assigns them in turn to clients without a cookie.
func (a *arena) cookies() map[string]string {
	GinkgoHelper()
	pods := len(a.pods(servers))
	found := make(map[string]string)
	Eventually(func() int {
		cookie := handshake("")
		found[a.leadsTo(cookie, 1)] = cookie
		return len(found)
	}).Should(Equal(pods))
	return found
}

// leadsTo returns the pod that serves all of the given number of handshakes with a
// cookie. No other client may connect at the same time.
func (a *arena) leadsTo(cookie string, times int) string {
	GinkgoHelper()
	const handshakes = "anteroom_handshakes_total"
	pods := a.pods(servers)
	before := make(map[string]int)
	for _, pod := range pods {
		before[pod.Metadata.Name] = a.count(pod, handshakes)
	}
	for range times {
		Expect(handshake(cookie)).To(BeEmpty(), "who has a cookie is given no other")
	}
	var served []string
	for _, pod := range pods {
		if more := a.count(pod, handshakes) - before[pod.Metadata.Name]; more > 0 {
			Expect(more).To(Equal(times), pod.Metadata.Name)
			served = append(served, pod.Metadata.Name)
		}
	}
	Expect(served).To(HaveLen(1))
	return served[0]
}

// handshake begins a session of Engine.IO, with a cookie if given, and returns the cookie
// that the response sets.
func handshake(cookie string) string {
	GinkgoHelper()
	request, err := http.NewRequest(http.MethodGet, given.url+"/socket.io/?EIO=4&transport=polling", nil)
	Expect(err).NotTo(HaveOccurred())
	if cookie != "" {
		request.AddCookie(&http.Cookie{Name: cookieName, Value: cookie})
	}
	answer, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer answer.Body.Close()
	Expect(answer).To(HaveHTTPStatus(http.StatusOK))
	for _, set := range answer.Cookies() {
		if set.Name == cookieName {
			return set.Value
		}
	}
	return ""
}

// eachPodServed checks that every server pod answered at least the given number of
// requests.
func (a *arena) eachPodServed(event string, least int) {
	GinkgoHelper()
	for _, pod := range a.pods(servers) {
		Expect(a.count(pod, fmt.Sprintf(`anteroom_requests_total{code="ok",event=%q}`, event))).To(BeNumerically(">=", least), "%s: %s", pod.Metadata.Name, event)
	}
}

// forwarded returns the number of requests, over all pods, that arrived at a pod other
// than their session's.
func (a *arena) forwarded() (n int) {
	GinkgoHelper()
	for _, pod := range a.pods(servers) {
		n += a.count(pod, `anteroom_forwards_total{outcome="served"}`)
	}
	return n
}

// count returns a counter of a server pod; 0 before its first increment.
func (a *arena) count(pod object, series string) int {
	GinkgoHelper()
	for line := range strings.Lines(a.admin(pod, "metrics")) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			Expect(err).NotTo(HaveOccurred(), line)
			return int(n)
		}
	}
	return 0
}
