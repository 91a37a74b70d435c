package manager_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest/komega"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// The identity of the operator, and the identity that is bound in single namespaces only.
const (
	operatorUser   = "system:serviceaccount:anteroom-system:anteroom-operator"
	namespacedUser = "system:serviceaccount:anteroom-system:namespaced-operator"
)

// installRBAC creates the objects of the config's files.
func installRBAC(ctx SpecContext, files ...string) {
	GinkgoHelper()
	for _, file := range files {
		text, err := os.ReadFile("../../../config/" + file)
		Expect(err).NotTo(HaveOccurred())
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
		for {
			object := &unstructured.Unstructured{}
			err := decoder.Decode(object)
			if errors.Is(err, io.EOF) {
				break
			}
			Expect(err).NotTo(HaveOccurred(), file)
			if len(object.Object) > 0 {
				Expect(k8s.Create(ctx, object)).To(Succeed(), file)
			}
		}
	}
}

// as is the configuration of somebody else.
func as(user string) *rest.Config {
	c := rest.CopyConfig(config)
	c.Impersonate.UserName = user
	c.Impersonate.Groups = []string{"system:serviceaccounts", "system:authenticated"}
	return c
}

// may asks whether a user may do something.
func may(ctx SpecContext, user string, a authorizationv1.ResourceAttributes) bool {
	GinkgoHelper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: &a}}
	Expect(k8s.Create(ctx, review)).To(Succeed())
	return review.Status.Allowed
}

var _ = Describe("The rights", func() {
	DescribeTable("are just what is needed", func(ctx SpecContext, verb, group, resource string, everywhere, bound, unbound bool) {
		namespace := newNamespace(ctx)
		bind(ctx, namespace, namespacedUser, "anteroom-operator")
		bind(ctx, namespace, namespacedUser, "anteroom-operator-namespace")
		ask := func(user, in string) bool {
			return may(ctx, user, authorizationv1.ResourceAttributes{Namespace: in, Verb: verb, Group: group, Resource: resource})
		}
		Expect(ask(operatorUser, "default")).To(Equal(everywhere), "the operator of all namespaces, in a closed namespace")
		Expect(ask(operatorUser, namespace)).To(Equal(bound), "the operator of all namespaces, in an open namespace")
		Expect(ask(namespacedUser, namespace)).To(Equal(bound), "the namespaced operator, in its namespace")
		Expect(ask(namespacedUser, "default")).To(Equal(unbound), "the namespaced operator, elsewhere")
	},
		Entry(nil, "get", "", "secrets", false, true, false),
		Entry(nil, "create", "", "secrets", false, true, false),
		Entry(nil, "list", "", "secrets", false, false, false),
		Entry(nil, "watch", "", "secrets", false, false, false),
		Entry(nil, "delete", "", "secrets", false, false, false),
		Entry(nil, "patch", "", "pods", false, true, false),
		Entry(nil, "delete", "", "pods", false, false, false),
		Entry(nil, "create", "", "pods", false, false, false),
		Entry(nil, "create", "", "pods/exec", false, false, false),
		Entry(nil, "delete", "", "persistentvolumeclaims", false, false, false),
		Entry(nil, "patch", "apps", "deployments", true, true, false),
		Entry(nil, "update", "", "secrets", false, false, false),
		Entry(nil, "deletecollection", "", "secrets", false, false, false),
		Entry(nil, "create", "", "serviceaccounts/token", false, false, false),
		Entry(nil, "get", "", "pods/log", false, false, false),
		Entry(nil, "create", "", "pods/eviction", false, false, false),
		Entry(nil, "create", "", "pods/ephemeralcontainers", false, false, false),
		Entry(nil, "get", "", "configmaps", true, true, false),
		Entry(nil, "patch", "autoscaling", "horizontalpodautoscalers", true, true, false),
		Entry(nil, "update", "apps", "deployments/scale", false, false, false),
		Entry(nil, "escalate", "rbac.authorization.k8s.io", "clusterroles", false, false, false),
		Entry(nil, "impersonate", "", "users", false, false, false),
		Entry(nil, "patch", "networking.istio.io", "destinationrules", true, true, false),
		Entry(nil, "delete", "apps", "deployments", false, false, false),
		Entry(nil, "patch", "realtime.anteroom.dev", "realtimeclusters/status", true, true, false),
		Entry(nil, "patch", "realtime.anteroom.dev", "realtimeclusters", false, false, false),
		Entry(nil, "delete", "realtime.anteroom.dev", "realtimeclusters", false, false, false),
		Entry(nil, "create", "rbac.authorization.k8s.io", "rolebindings", false, false, false),
		Entry(nil, "get", "", "nodes", false, false, false),
		Entry(nil, "list", "", "namespaces", false, false, false),
	)

	DescribeTable("of users come with the roles of Kubernetes that they have", func(ctx SpecContext, verb, resource string, least string) {
		roles := []string{"view", "edit", "admin"} // each includes the roles before it
		// own is a right that a role alone brings: with it the API server has seen the binding.
		own := map[string][2]string{"view": {"get", "realtimeclusters"}, "edit": {"create", "lobbypolicies"}, "admin": {"create", "realtimeclusters"}}
		for i, role := range roles {
			var object rbacv1.ClusterRole
			Expect(k8s.Get(ctx, client.ObjectKey{Name: "anteroom-" + role}, &object)).To(Succeed())
			Expect(object.Labels).To(HaveKeyWithValue("rbac.authorization.k8s.io/aggregate-to-"+role, "true"))
			namespace, user := newNamespace(ctx), "user-"+role
			for _, has := range roles[:i+1] {
				bind(ctx, namespace, user, "anteroom-"+has)
			}
			Eventually(func() bool {
				return may(ctx, user, authorizationv1.ResourceAttributes{
					Namespace: namespace, Verb: own[role][0], Group: v1alpha1.GroupName, Resource: own[role][1],
				})
			}).WithContext(ctx).Should(BeTrue(), role)
			group, name, _ := strings.Cut(resource, "/")
			a := authorizationv1.ResourceAttributes{Namespace: namespace, Verb: verb, Group: v1alpha1.GroupName, Resource: group, Subresource: name}
			Expect(may(ctx, user, a)).To(Equal(least != "" && i >= slices.Index(roles, least)), role)
		}
	},
		Entry(nil, "get", "realtimeclusters", "view"),
		Entry(nil, "watch", "lobbypolicies", "view"),
		Entry(nil, "list", "matchmakingqueues", "view"),
		Entry(nil, "get", "realtimeclusters/status", "view"),
		Entry(nil, "create", "lobbypolicies", "edit"),
		Entry(nil, "patch", "matchmakingqueues", "edit"),
		Entry(nil, "delete", "lobbypolicies", "edit"),
		Entry(nil, "update", "realtimeclusters/scale", "edit"),
		Entry(nil, "create", "realtimeclusters", "admin"),
		Entry(nil, "patch", "realtimeclusters", "admin"),
		Entry(nil, "delete", "realtimeclusters", "admin"),
		Entry(nil, "update", "realtimeclusters/status", ""),
		Entry(nil, "patch", "lobbypolicies/status", ""),
	)

	It("to Secrets are missing in a closed namespace, and the status names the command that opens it", func(ctx SpecContext) {
		cluster := newCluster(ctx, closedNamespace(ctx), `{}`)
		ready := conditionOf(cluster, v1alpha1.ConditionReady)
		Eventually(ready).WithContext(ctx).Should(Equal("False/SecretsForbidden"))
		Eventually(komega.Object(cluster)).Should(HaveField("Status.Conditions", ContainElement(HaveField("Message", ContainSubstring("kubectl create rolebinding")))))
		bind(ctx, cluster.Namespace, operatorUser, "anteroom-operator-namespace")
		Eventually(ready).WithContext(ctx).Should(Equal("False/RedisNotReady"))
	})

	It("that policies lack are reported in the status of policies and cluster until the namespace is opened", func(ctx SpecContext) {
		cluster := newCluster(ctx, closedNamespace(ctx), `{}`)
		asked := newPolicy(ctx, cluster, "asked", `{chat: {filters: [{type: Webhook, url: "https://example.com/check", secretRef: {name: keys, key: hmac}}]}}`)
		Eventually(conditionOf(cluster, v1alpha1.ConditionReady)).WithContext(ctx).Should(Equal("False/SecretsForbidden"))
		Eventually(accepted(asked)).WithContext(ctx).Should(Equal("False/SecretsForbidden"))
		bind(ctx, cluster.Namespace, operatorUser, "anteroom-operator-namespace")
		Eventually(accepted(asked)).WithContext(ctx).Should(Equal("False/ReferenceNotFound"))
		Expect(k8s.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "keys", Labels: map[string]string{v1alpha1.LabelAllowPolicies: "true"}},
			StringData: map[string]string{"hmac": "a key"},
		})).To(Succeed())
		Eventually(accepted(asked)).WithContext(ctx).Should(Equal("True/Accepted"))
		Eventually(conditionOf(cluster, v1alpha1.ConditionReady)).WithContext(ctx).Should(Equal("False/RedisNotReady"))
	})

	It("of a single namespace suffice there, and reach no other namespace", func(ctx SpecContext) {
		mine, other := newNamespace(ctx), newNamespace(ctx)
		bind(ctx, mine, namespacedUser, "anteroom-operator")
		bind(ctx, mine, namespacedUser, "anteroom-operator-namespace")
		o := options()
		o.Namespaces = []string{mine}
		stopMain()
		DeferCleanup(startMain)
		startManager(as(namespacedUser), o)
		newCluster(ctx, mine, full)
		newCluster(ctx, other, full)
		for _, child := range children(mine) {
			Eventually(komega.Get(child)).Should(Succeed(), "%T %s", child, child.GetName())
		}
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: other, Name: "arena"}}
		Consistently(func() bool { return apierrors.IsNotFound(komega.Get(deployment)()) }).WithTimeout(time.Second).Should(BeTrue())
	})
})

// bind gives a user the rights of a ClusterRole in a namespace.
func bind(ctx SpecContext, namespace, user, role string) {
	GinkgoHelper()
	binding := &rbacv1.RoleBinding{
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
	binding.Namespace, binding.GenerateName = namespace, role+"-"
	Expect(k8s.Create(ctx, binding)).To(Succeed())
}
