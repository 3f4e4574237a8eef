{{/* The chart's name, whatever alias an umbrella chart gives it. */}}
{{- define "federation-dns.name" -}}
federation-dns
{{- end -}}

{{/* What every object's name begins with. The federation's name is the release's. */}}
{{- define "federation-dns.fullname" -}}
{{ .Release.Name }}
{{- end -}}

{{/* Labels of an object, for (list $ COMPONENT). */}}
{{- define "federation-dns.labels" -}}
{{- $ := index . 0 -}}
{{ include "federation-dns.selectorLabels" . }}
app.kubernetes.io/part-of: federation
app.kubernetes.io/managed-by: {{ $.Release.Service }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "federation-dns-%s" $.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Labels by which a component's pods are selected, for (list $ COMPONENT). They never change. */}}
{{- define "federation-dns.selectorLabels" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: federation-dns
app.kubernetes.io/instance: {{ $.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Metadata of an object that is named after its component, for (list $ COMPONENT). */}}
{{- define "federation-dns.metadata" -}}
{{- $ := index . 0 -}}
name: {{ include "federation-dns.fullname" $ }}-{{ index . 1 }}
namespace: {{ $.Release.Namespace | quote }}
labels:
  {{- include "federation-dns.labels" . | nindent 2 }}
{{- end -}}

{{/* How the user has to write one of the chart's values, for (list $ "etcd.replicas"). */}}
{{- define "federation-dns.value" -}}
{{- $ := index . 0 -}}
{{- if not $.Chart.IsRoot }}{{ $.Chart.Name }}.{{ end }}{{ index . 1 }}
{{- end -}}
