package v1alpha1

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	realtime "github.com/anteroom/anteroom/api/v1alpha1"
)

// PolicySet is the part of the configuration that a server applies while it runs: limits, lobby
// policies and matchmaking queues. A new set replaces the old set as a whole and disconnects
// nobody.
type PolicySet struct {
	metav1.TypeMeta `json:",inline"`

	// Revision is the hash of everything else here: what [PolicySet.ComputeRevision]
	// gives. Servers report the revision they apply.
	Revision string `json:"revision"`
	Limits   Limits `json:"limits"`
	// Lobbies are sorted by name, and no two are for the same lobby type.
	Lobbies []LobbyPolicy `json:"lobbies,omitempty"`
	// Queues are sorted by name.
	Queues []MatchmakingQueue `json:"queues,omitempty"`
}

// Limits bound what clients may use of one server.
type Limits struct {
	// ConnectionsPerPod is how many connections a server has at most.
	ConnectionsPerPod int `json:"connectionsPerPod"`
	// ConnectsPerSecond is how many new ones it takes on in a second.
	ConnectsPerSecond int `json:"connectsPerSecond"`
	// ConnectionsPerUser is how many one user may have on it.
	ConnectionsPerUser int              `json:"connectionsPerUser"`
	PerConnection      ConnectionLimits `json:"perConnection"`
}

// ConnectionLimits bound one connection.
type ConnectionLimits struct {
	// EventsPerSecond and Burst are the budget of requests.
	EventsPerSecond int `json:"eventsPerSecond"`
	Burst           int `json:"burst"`
	// OutboundBytes is how much may wait for a client that reads slowly, before
	// it is disconnected.
	OutboundBytes int64 `json:"outboundBytes"`
	// Subscriptions is how many streams a connection may follow.
	Subscriptions int `json:"subscriptions"`
}

// LobbyPolicy is a LobbyPolicy object with the defaults filled in. The words of a
// filter's wordsConfigMapRef are among its words already; the key that a secretRef
// names is in the file [PolicySecretFile] of RuntimeConfig's policySecretsDir.
type LobbyPolicy struct {
	// Name is the object's.
	Name string                   `json:"name"`
	Spec realtime.LobbyPolicySpec `json:"spec"`
}

// MatchmakingQueue is a MatchmakingQueue object with the defaults filled in. The key of
// its handoff's secretRef is in a file, as those of a [LobbyPolicy].
type MatchmakingQueue struct {
	// Name is the object's, and what clients call the queue.
	Name string                        `json:"name"`
	Spec realtime.MatchmakingQueueSpec `json:"spec"`
}

// PolicySecretFile is the name of the file, in RuntimeConfig's policySecretsDir, with the key of
// a Secret that a policy or queue names: "<name>_<key>". Names of Secrets have no underscore, so
// that no two keys share a file. The kubelet rewrites the file when the Secret changes, so
// servers read it at each use. The file is missing for a moment when the PolicySet arrives first.
func PolicySecretFile(ref realtime.KeyReference) string { return ref.Name + "_" + ref.Key }

// ComputeRevision returns the hash of the set without its Revision: the first 16
// hexadecimal digits of the SHA-256 of its JSON. The order of the lists counts,
// so the renderer of a set sorts them first.
func (p *PolicySet) ComputeRevision() string {
	content := *p
	content.Revision = ""
	return revision(content)
}

// Revision is the hash of this policy alone, in the form of that of a set: it
// changes when the policy does, whatever else changes in its set.
func (l LobbyPolicy) Revision() string { return revision(l) }

// Revision is the hash of this queue alone, like that of a [LobbyPolicy].
func (q MatchmakingQueue) Revision() string { return revision(q) }

func revision(content any) string {
	data, err := json.Marshal(content)
	if err != nil {
		return "" // a set that cannot be encoded has no revision
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}
