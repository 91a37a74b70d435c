package realtimecluster

// What the operator may do only in namespaces that were opened to it by a RoleBinding:
// read Secrets by name (never list or watch them), make those of a cluster, and
// annotate pods. `make generate` writes config/rbac/namespace_role.yaml from this.
//
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;create;patch
// +kubebuilder:rbac:groups="",resources=pods,verbs=patch
