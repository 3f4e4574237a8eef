{{/* The chart's name, whatever alias an umbrella chart gives it. */}}
{{- define "federation-member.name" -}}
federation-member
{{- end -}}

{{/* What the objects of membership are named: the federation's name with "-member", whatever the release is called. */}}
{{- define "federation-member.fullname" -}}
{{ .Values.federation.name }}-member
{{- end -}}

{{/* Name of a cluster-scoped object, for (list $ COMPONENT): namespace and federation keep memberships apart. */}}
{{- define "federation-member.clusterName" -}}
{{- $ := index . 0 -}}
{{ printf "fedhelm:%s:%s:%s" $.Release.Namespace $.Values.federation.name (index . 1) }}
{{- end -}}

{{/* Labels of an object, for (list $ COMPONENT). */}}
{{- define "federation-member.labels" -}}
{{- $ := index . 0 -}}
{{ include "federation-member.selectorLabels" . }}
app.kubernetes.io/part-of: federation
app.kubernetes.io/managed-by: {{ $.Release.Service }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "federation-member-%s" $.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Labels by which a component's pods are selected, for (list $ COMPONENT). They never change. */}}
{{- define "federation-member.selectorLabels" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: federation-member
app.kubernetes.io/instance: {{ $.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Value of the label federation.fedhelm.io/aggregate-to-member that adds a ClusterRole to this federation's rights. */}}
{{- define "federation-member.aggregateTo" -}}
{{ .Release.Namespace }}.{{ .Values.federation.name }}
{{- end -}}

{{/* How the user has to write one of the chart's values, for (list $ "rbac.kinds"). */}}
{{- define "federation-member.value" -}}
{{- $ := index . 0 -}}
{{- if not $.Chart.IsRoot }}{{ $.Chart.Name }}.{{ end }}{{ index . 1 }}
{{- end -}}
