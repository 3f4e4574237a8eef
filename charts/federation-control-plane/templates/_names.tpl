{{/* The chart's name, whatever alias an umbrella chart gives it. */}}
{{- define "federation-control-plane.name" -}}
federation-control-plane
{{- end -}}

{{/* What every object's name begins with: the release, which is the federation's name. */}}
{{- define "federation-control-plane.fullname" -}}
{{ .Release.Name }}
{{- end -}}

{{/* Name of a cluster-scoped object, for (list $ COMPONENT): namespace and release keep federations apart. */}}
{{- define "federation-control-plane.clusterName" -}}
{{- $ := index . 0 -}}
{{ printf "fedhelm:%s:%s:%s" $.Release.Namespace $.Release.Name (index . 1) }}
{{- end -}}

{{/* Labels of an object, for (list $ COMPONENT). */}}
{{- define "federation-control-plane.labels" -}}
{{- $ := index . 0 -}}
{{ include "federation-control-plane.selectorLabels" . }}
app.kubernetes.io/part-of: federation
app.kubernetes.io/managed-by: {{ $.Release.Service }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "federation-control-plane-%s" $.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Labels by which a component's pods are selected, for (list $ COMPONENT). They never change. */}}
{{- define "federation-control-plane.selectorLabels" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: federation-control-plane
app.kubernetes.io/instance: {{ $.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* URL of the federation API inside the host cluster. */}}
{{- define "federation-control-plane.apiServerHost" -}}
{{ .Release.Name }}-apiserver.{{ .Release.Namespace }}.svc
{{- end -}}

{{/* How the user has to write one of the chart's values, for (list $ "etcd.replicas"). */}}
{{- define "federation-control-plane.value" -}}
{{- $ := index . 0 -}}
{{- if not $.Chart.IsRoot }}{{ $.Chart.Name }}.{{ end }}{{ index . 1 }}
{{- end -}}
