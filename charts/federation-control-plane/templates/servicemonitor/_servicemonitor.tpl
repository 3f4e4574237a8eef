{{/* Head of a ServiceMonitor, for (list $ COMPONENT). */}}
{{- define "federation-control-plane.serviceMonitor" -}}
{{- $ := index . 0 -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "federation-control-plane.fullname" $ }}-{{ index . 1 }}
  namespace: {{ $.Release.Namespace | quote }}
  labels:
    {{- include "federation-control-plane.labels" . | nindent 4 }}
    {{- with $.Values.serviceMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  namespaceSelector:
    matchNames:
      - {{ $.Release.Namespace | quote }}
  selector:
    matchLabels:
      {{- include "federation-control-plane.selectorLabels" . | nindent 6 }}
{{- end -}}
