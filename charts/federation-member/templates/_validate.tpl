{{/* What a schema cannot say: one line for each value that is missing or does not go with the others; nothing if all is well. */}}
{{- define "federation-member.problems" -}}
{{- $federation := .Values.federation.name -}}
{{- $v := dict -}}
{{- range list "federation.name" "cluster" "rbac.aggregate" "dns.resolver.image" -}}
{{- $_ := set $v (replace "." "_" .) (include "federation-member.value" (list $ .)) -}}
{{- end -}}
{{- if not $federation }}
{{ $v.federation_name }} is missing: set it to the name of the federation, which is that of its release in the host cluster
{{- else if not (regexMatch "^[a-z]([-a-z0-9]{0,42}[a-z0-9])?$" $federation) }}
{{ $v.federation_name }} {{ $federation | quote }} is no federation's name: set it to at most 44 lower-case letters, digits and "-", beginning with a letter and not ending with "-"
{{- end }}
{{- if not .Values.cluster }}
{{ $v.cluster }} is missing: set it to this cluster's name in the federation
{{- else if not (regexMatch "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$" .Values.cluster) }}
{{ $v.cluster }} {{ .Values.cluster | quote }} is no cluster's name: set it to at most 63 lower-case letters, digits and "-", beginning with a letter and not ending with "-"
{{- end }}
{{- $label := include "federation-member.aggregateTo" . -}}
{{- if and .Values.rbac.aggregate (gt (len $label) 63) }}
{{ $v.rbac_aggregate }} is true, but {{ $label | quote }} is too long for the label that says which ClusterRoles to aggregate (63 characters): choose a shorter namespace, or set {{ $v.rbac_aggregate }} to false
{{- end }}
{{- $image := .Values.dns.resolver.image -}}
{{- if not (or $image.tag $image.digest) }}
{{ $v.dns_resolver_image }} names neither a tag nor a digest of {{ $image.repository }}: set {{ $v.dns_resolver_image }}.tag
{{- end }}
{{- include "federation-member.resolver.problems" . }}
{{- end -}}
