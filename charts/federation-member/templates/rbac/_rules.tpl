{{/* What the federation may do in this cluster. The same as MemberRules in fedhelm's package kinds. */}}
{{- define "federation-member.rules" -}}
{{- range concat .Values.rbac.kinds .Values.rbac.customKinds }}
- apiGroups: [{{ .group | quote }}]
  resources: {{ toJson .resources }}
  verbs: [get, list, watch, create, update, patch, delete]
{{- end }}
# Marked definitions travel to the members with their instances.
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [get, list, watch, create, update, patch, delete]
# Region, zones, and how the workloads are.
- apiGroups: [""]
  resources: [namespaces, nodes, pods]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
# Whether a namespace is in use by others, before it is deleted.
- apiGroups: [""]
  resources: [endpoints, events, limitranges, persistentvolumeclaims, podtemplates, replicationcontrollers, resourcequotas]
  verbs: [list]
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [list]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [list]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [list]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [list]
- apiGroups: [resource.k8s.io]
  resources: [resourceclaims, resourceclaimtemplates]
  verbs: [list]
- apiGroups: [storage.k8s.io]
  resources: [csistoragecapacities]
  verbs: [list]
# Health, version, and which kinds and fields there are.
- nonResourceURLs: [/healthz, /livez, /readyz, /version, /api, /api/*, /apis, /apis/*, /openapi/v3, /openapi/v3/*]
  verbs: [get]
{{- if .Values.rbac.listAllKinds }}
- apiGroups: ["*"]
  resources: ["*"]
  verbs: [list]
{{- end }}
{{- with .Values.rbac.extraRules }}
{{ toYaml . }}
{{- end }}
{{- end -}}
