{{/*
Where an API server keeps its objects, for its ARGS: a map with `servers` (a list) and `prefix`. Without servers it is not known.
*/}}
{{- define "federation-control-plane.etcd.store" -}}
{{- $servers := list -}}
{{- $prefix := "/registry" -}}
{{- range . -}}
{{- if hasPrefix "--etcd-servers=" . }}{{ $servers = trimPrefix "--etcd-servers=" . | splitList "," }}{{ end -}}
{{- if hasPrefix "--etcd-prefix=" . }}{{ $prefix = trimPrefix "--etcd-prefix=" . }}{{ end -}}
{{- end -}}
{{- dict "servers" $servers "prefix" $prefix | toYaml -}}
{{- end -}}

{{/*
What is wrong with an upgrade after which the API server would look for its objects elsewhere; nothing if all is well, or
nothing is running. An etcd that is reached by one of the same URLs is the same etcd.
*/}}
{{- define "federation-control-plane.etcd.storeProblems" -}}
{{- $running := lookup "apps/v1" "Deployment" .Release.Namespace (printf "%s-apiserver" .Release.Name) -}}
{{- /* One that never came up holds nothing: its values may have been what was wrong. One that came up once may be down now. */}}
{{- $inUse := dig "status" "availableReplicas" 0 $running | int -}}
{{- range dig "status" "conditions" list $running -}}
{{- if eq (.reason | default "") "NewReplicaSetAvailable" }}{{ $inUse = 1 }}{{ end -}}
{{- end -}}
{{- if $inUse -}}
{{- $before := dict -}}
{{- range $running.spec.template.spec.containers -}}
{{- if eq .name "apiserver" }}{{ $before = include "federation-control-plane.etcd.store" .args | fromYaml }}{{ end -}}
{{- end -}}
{{- $args := include "federation-control-plane.args" (list (include "federation-control-plane.apiserver.args" . | fromYaml) .Values.apiServer.extraArgs) | fromYamlArray -}}
{{- $after := include "federation-control-plane.etcd.store" $args | fromYaml -}}
{{- if and $before.servers $after.servers -}}
{{- $common := false -}}
{{- range $before.servers }}{{ if has . $after.servers }}{{ $common = true }}{{ end }}{{ end -}}
{{- $left := printf "%s%s" (first $before.servers) $before.prefix -}}
{{- if and (or (not $common) (ne $before.prefix $after.prefix)) (ne $left (.Values.etcd.movedFrom | default "")) }}
the federation's objects are in the etcd at {{ join "," $before.servers }}, prefix {{ $before.prefix }}, and the API server would leave them for {{ join "," $after.servers }}, prefix {{ $after.prefix }}: set {{ include "federation-control-plane.value" (list . "etcd.external") }} back to what it was. If they have been copied there, or are to be left behind, set {{ include "federation-control-plane.value" (list . "etcd.movedFrom") }} to {{ $left | quote }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
