{{/*
"true" if the publish hook has to look for nodes to know where this server is reached; nothing otherwise. The hook is
another chart's, and cannot know what this one's values are.
*/}}
{{- define "federation-dns.publish.needsNodes" -}}
{{- $service := .Values.server.service -}}
{{- if and (include "federation-dns.zones" .) (eq $service.type "NodePort") (not $service.advertiseAddresses) }}true{{ end -}}
{{- end -}}

{{/* Metadata of what lets the hook do that. It lives as long as the hook runs. */}}
{{- define "federation-dns.publish.metadata" -}}
name: {{ printf "fedhelm:%s:%s:dns-publish" .Release.Namespace .Release.Name }}
labels:
  {{- include "federation-dns.labels" (list . "publish") | nindent 2 }}
annotations:
  helm.sh/hook: post-install,post-upgrade,post-rollback
  helm.sh/hook-weight: "-5"
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
