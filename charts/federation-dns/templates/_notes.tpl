{{/* What the user is told of this server after installing; nothing if there is none. */}}
{{- define "federation-dns.notes" -}}
{{- with include "federation-dns.zones" . }}
The federation's names are served by Service {{ $.Release.Name }}-dns: {{ splitList "\n" . | join ", " }}. Members that are joined from now on ask it. For others,
and for clients outside of the members, delegate the zone to its address:

     kubectl --namespace {{ $.Release.Namespace }} get configmap {{ $.Release.Name }}-dns-servers -o jsonpath='{.data.servers}'
{{- if not $.Values.etcd.persistence.enabled }}

WARNING: its etcd keeps the records in its pod. When the pod goes, names are not found until the controller manager has written them again.
{{- end }}
{{- end }}
{{- end -}}
