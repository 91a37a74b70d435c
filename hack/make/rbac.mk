# The operator's RBAC rules, from the markers of its controllers.
GENERATED += config/rbac/role.yaml config/rbac/namespace_role.yaml

.PHONY: generate-rbac
generate: generate-rbac
generate-rbac: $(CONTROLLER_GEN)
	$(CONTROLLER_GEN) rbac:roleName=anteroom-operator paths=./controllers/internal/manager/... output:rbac:dir=config/rbac
	$(CONTROLLER_GEN) rbac:roleName=anteroom-operator-namespace,fileName=namespace_role.yaml paths=./controllers/internal/realtimecluster/... output:rbac:dir=config/rbac
