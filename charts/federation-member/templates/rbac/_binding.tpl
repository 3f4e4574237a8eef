{{/* Binding of the federation's ServiceAccount to a ClusterRole, for (list $ NAME CLUSTERROLE). */}}
{{- define "federation-member.clusterRoleBinding" -}}
{{- $ := index . 0 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ index . 1 }}
  labels:
    {{- include "federation-member.labels" (list $ "member") | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ index . 2 }}
subjects:
  {{- include "federation-member.subject" $ | nindent 2 }}
{{- end -}}

{{/* The federation's ServiceAccount, as the subject of a binding. */}}
{{- define "federation-member.subject" -}}
- kind: ServiceAccount
  name: {{ include "federation-member.fullname" . }}
  namespace: {{ .Release.Namespace | quote }}
{{- end -}}
