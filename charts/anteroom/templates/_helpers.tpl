{{/* The labels of all objects. */}}
{{- define "anteroom.labels" -}}
app.kubernetes.io/name: anteroom-operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* The labels by which the operator's pods are found. */}}
{{- define "anteroom.selector" -}}
app.kubernetes.io/name: anteroom-operator
{{- end }}

{{- define "anteroom.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* The namespaces that are looked after, with commas; empty: all. The one of the values' cluster is among them. */}}
{{- define "anteroom.namespaces" -}}
{{- $namespaces := .Values.namespaces }}
{{- if and $namespaces .Values.cluster.enabled }}
{{- $namespaces = append $namespaces .Release.Namespace | uniq }}
{{- end }}
{{- join "," $namespaces }}
{{- end }}

{{/* The subject of every binding. */}}
{{- define "anteroom.subject" -}}
- kind: ServiceAccount
  name: anteroom-operator
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* A binding of the operator to a ClusterRole: dict "root" $ "name" NAME "namespace" NAMESPACE, which is empty for all. */}}
{{- define "anteroom.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ if .namespace }}RoleBinding{{ else }}ClusterRoleBinding{{ end }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "anteroom.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ .name }}
subjects:
  {{- include "anteroom.subject" .root | nindent 2 }}
{{- end }}
