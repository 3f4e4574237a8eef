{{/* Where the resolver's pods run: what its values say, and by default softly over nodes, then over zones. */}}
{{- define "federation-member.resolver.scheduling" -}}
{{- $resolver := .Values.dns.resolver -}}
{{- range $field := list "priorityClassName" "nodeSelector" "tolerations" "affinity" }}
{{- with index $resolver $field }}
{{ $field }}: {{ kindIs "string" . | ternary (quote .) (printf "\n%s" (toYaml . | indent 2)) }}
{{- end }}
{{- end }}
{{- $constraints := $resolver.topologySpreadConstraints -}}
{{- if and (not $constraints) (gt (int $resolver.replicas) 1) -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" -}}
{{- $constraints = append $constraints (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway") -}}
{{- end -}}
{{- end -}}
{{- $selector := dict "matchLabels" (include "federation-member.selectorLabels" (list . "resolver") | fromYaml) -}}
{{- with $constraints }}
topologySpreadConstraints:
  {{- range . }}
  - {{ toYaml (merge (dict) . (dict "labelSelector" $selector)) | nindent 4 | trim }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The pods' metadata. The checksum restarts them when they shall answer otherwise; the chart's version does not. */}}
{{- define "federation-member.resolver.podMetadata" -}}
{{- $resolver := .Values.dns.resolver -}}
{{- $labels := include "federation-member.selectorLabels" (list . "resolver") | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/part-of" "federation" -}}
{{- $checksum := dict "checksum/corefile" (include "federation-member.resolver.corefile" . | sha256sum) -}}
labels:
  {{- toYaml (merge $labels $resolver.podLabels) | nindent 2 }}
annotations:
  {{- toYaml (merge $checksum $resolver.podAnnotations) | nindent 2 }}
{{- end -}}
