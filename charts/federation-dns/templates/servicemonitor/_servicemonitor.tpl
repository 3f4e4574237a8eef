{{/* Head of a ServiceMonitor, for (list $ COMPONENT). */}}
{{- define "federation-dns.serviceMonitor" -}}
{{- $ := index . 0 -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "federation-dns.fullname" $ }}-{{ index . 1 }}
  namespace: {{ $.Release.Namespace | quote }}
  labels:
    {{- include "federation-dns.labels" . | nindent 4 }}
    {{- with $.Values.serviceMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  namespaceSelector:
    matchNames:
      - {{ $.Release.Namespace | quote }}
  selector:
    matchLabels:
      {{- include "federation-dns.selectorLabels" . | nindent 6 }}
{{- end -}}
