package main

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// The bounds of the number of servers on one machine, whatever spec.replicas is.
const (
	minServers = 2
	maxServers = 8
)

// servers returns the number of servers to run, and a remark when the cluster asks for
// another number.
func servers(cluster v1alpha1.RealtimeCluster) (n int, remark string) {
	want := minServers
	if cluster.Spec.Replicas != nil {
		want = int(*cluster.Spec.Replicas)
	}
	n = min(max(want, minServers), maxServers)
	if n != want {
		remark = fmt.Sprintf("spec.replicas is %d; make run starts %d to %d servers: %d", want, minServers, maxServers, n)
	}
	return n, remark
}

// persistent reports whether the cluster's own Redis keeps its data.
func persistent(cluster v1alpha1.RealtimeCluster) bool {
	return cluster.Spec.Redis.Managed.Storage.Type == v1alpha1.StoragePersistent
}

// adapt returns the configuration for this machine: it replaces the address of Redis and
// the files of secrets, and writes the secrets to dir. The remaining fields stay as
// rendered; remarks list the replacements. Webhooks may also reach the ranges of allow.
func adapt(r rendered, redisAddress, dir string, allow []string, secrets secretFinder) (config configv1.RuntimeConfig, remarks []string, err error) {
	config = r.runtime
	if r.cluster.Spec.Redis.Mode == v1alpha1.RedisExternal {
		remarks = append(remarks, fmt.Sprintf("the cluster's external Redis %v is not used; the local Redis replaces it", config.Redis.Addresses))
	}
	config.Redis = configv1.Redis{
		Topology:  configv1.RedisStandalone,
		Addresses: []string{redisAddress},
		KeyPrefix: config.Redis.KeyPrefix,
		Probe:     config.Redis.Probe,
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return config, remarks, fmt.Errorf("make a directory for secrets: %w", err)
	}
	if config.Listen.API != "" {
		remark, err := adaptAPI(&config, r.cluster, dir, secrets)
		if err != nil {
			return config, remarks, err
		}
		if remark != "" {
			remarks = append(remarks, remark)
		}
	}
	if hook := r.cluster.Spec.Features.Notifications.OfflineWebhook; hook != nil && hook.SecretRef != nil {
		remark, err := adaptOfflineWebhook(&config, *hook.SecretRef, dir, secrets)
		if err != nil {
			return config, remarks, err
		}
		if remark != "" {
			remarks = append(remarks, remark)
		}
	}
	config.Observability.Playground = true
	config.Webhooks.AllowCIDRs = append(config.Webhooks.AllowCIDRs, allow...)
	config.Admin = configv1.Admin{} // there is no operator to request a drain
	config.Auth.Providers = nil
	for _, p := range r.runtime.Auth.Providers {
		local, remark, err := adaptProvider(p, r.cluster, dir, secrets)
		if err != nil {
			return config, remarks, err
		}
		if remark != "" {
			remarks = append(remarks, remark)
		}
		config.Auth.Providers = append(config.Auth.Providers, local)
	}
	config.PolicySecretsDir = filepath.Join(dir, "policy-secrets")
	more, err := policySecrets(r.policies, config.PolicySecretsDir, secrets)
	return config, append(remarks, more...), err
}

// policySecrets writes the keys that policies and queues refer to, if the user's file
// holds them; remarks list the missing keys.
func policySecrets(policies []byte, dir string, secrets secretFinder) (remarks []string, err error) {
	var set configv1.PolicySet
	if err := yaml.Unmarshal(policies, &set); err != nil {
		return nil, fmt.Errorf("read the policies: %w", err)
	}
	var refs []*v1alpha1.KeyReference
	for _, l := range set.Lobbies {
		for _, f := range l.Spec.Chat.Filters {
			refs = append(refs, f.SecretRef)
		}
	}
	for _, q := range set.Queues {
		refs = append(refs, q.Spec.Handoff.SecretRef)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory for the policies' secrets: %w", err)
	}
	for _, ref := range refs {
		if ref == nil {
			continue
		}
		value, found, err := secrets(*ref)
		if err != nil {
			return remarks, err
		}
		if !found {
			remarks = append(remarks, fmt.Sprintf("key %q of Secret %q is not in the file; requests that a policy signs with it fail", ref.Key, ref.Name))
			continue
		}
		if err := writeFile(filepath.Join(dir, configv1.PolicySecretFile(*ref)), value, 0o600); err != nil {
			return remarks, err
		}
	}
	return remarks, nil
}

// adaptOfflineWebhook writes the signing key of the offline webhook into a file of this
// machine, if the user's file holds it.
func adaptOfflineWebhook(config *configv1.RuntimeConfig, ref v1alpha1.KeyReference, dir string, secrets secretFinder) (remark string, err error) {
	hook := *config.Notifications.OfflineWebhook
	hook.SecretFile = filepath.Join(dir, "offline-webhook")
	config.Notifications.OfflineWebhook = &hook
	value, found, err := secrets(ref)
	switch {
	case err != nil:
		return "", err
	case !found:
		return fmt.Sprintf("key %q of Secret %q is not in the file; calls of the offline webhook fail", ref.Key, ref.Name), nil
	}
	return "", writeFile(hook.SecretFile, value, 0o600)
}

// adaptAPI writes the token of the server API into a file of this machine: the Secret's
// token when the user's file holds it, otherwise a new token.
func adaptAPI(config *configv1.RuntimeConfig, cluster v1alpha1.RealtimeCluster, dir string, secrets secretFinder) (remark string, err error) {
	path := filepath.Join(dir, "api-token")
	config.API.TokenFile = path
	ref := v1alpha1.KeyReference{}
	if own := cluster.Spec.API.TokenSecretRef; own != nil {
		ref = *own
	}
	value, found, err := secrets(ref)
	switch {
	case err != nil:
		return "", err
	case found:
		return "", writeFile(path, value, 0o600)
	case ref.Name != "":
		remark = fmt.Sprintf("Secret %q of spec.api is not in the file; a new token for this machine replaces it", ref.Name)
	}
	return remark, ensureKey(path)
}

// adaptProvider writes the provider's key into a file of this machine: the Secret's key
// when the user's file holds it, otherwise a new key for a shared secret that is
// generated in the cluster or stored elsewhere.
func adaptProvider(p configv1.AuthProvider, cluster v1alpha1.RealtimeCluster, dir string, secrets secretFinder) (configv1.AuthProvider, string, error) {
	if p.SharedSecretFile == "" && p.KeysFile == "" {
		return p, "", nil
	}
	path := filepath.Join(dir, "auth-"+filepath.Base(p.Name))
	ref := keyReference(cluster, p.Name)
	value, found, err := secrets(ref)
	switch {
	case err != nil:
		return p, "", err
	case found:
		err = writeFile(path, value, 0o600)
	case p.KeysFile != "":
		return p, "", fmt.Errorf("provider %s reads its keys from key %q of Secret %q: add that Secret to the file, "+
			"or omit spec.auth.providers to use generated tokens", p.Name, ref.Key, ref.Name)
	default:
		err = ensureKey(path)
	}
	remark := ""
	if !found && ref.Name != "" {
		remark = fmt.Sprintf("Secret %q of provider %s is not in the file; a new key for this machine replaces it", ref.Name, p.Name)
	}
	if p.KeysFile != "" {
		p.KeysFile = path
	} else {
		p.SharedSecretFile = path
	}
	return p, remark, err
}

// keyReference returns the reference to the named provider's key; it is empty when the
// operator generates the key.
func keyReference(cluster v1alpha1.RealtimeCluster, provider string) v1alpha1.KeyReference {
	for _, p := range cluster.Spec.Auth.Providers {
		switch {
		case p.Name != provider:
		case p.SharedSecretRef != nil:
			return *p.SharedSecretRef
		case p.KeysSecretRef != nil:
			return *p.KeysSecretRef
		}
	}
	return v1alpha1.KeyReference{}
}
