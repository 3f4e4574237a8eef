{{/*
What the pods of a component have in common, for (list $ COMPONENT VALUES), VALUES being what the component has
instead of the chart's own node selector and so on.
*/}}
{{- define "federation-control-plane.podSpec" -}}
{{- $ := index . 0 -}}
{{- $component := index . 1 -}}
{{- $values := index . 2 -}}
enableServiceLinks: false
securityContext:
  {{- toYaml $.Values.podSecurityContext | nindent 2 }}
{{- with $.Values.global.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName | default $.Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $values.nodeSelector | default $.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations | default $.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity | default $.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "federation-control-plane.topologySpread" . }}
topologySpreadConstraints:
  {{- . | trim | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Topology spread constraints of a component, for (list $ COMPONENT VALUES); nothing if there are none. */}}
{{- define "federation-control-plane.topologySpread" -}}
{{- $ := index . 0 -}}
{{- $values := index . 2 -}}
{{- $selector := dict "matchLabels" (include "federation-control-plane.selectorLabels" (list $ (index . 1)) | fromYaml) -}}
{{- $constraints := $values.topologySpreadConstraints | default $.Values.topologySpreadConstraints -}}
{{- if and (not $constraints) (gt (int $values.replicas) 1) -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" -}}
{{- $constraints = append $constraints (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway") -}}
{{- end -}}
{{- end -}}
{{- if and $constraints (hasKey $values "replicas") -}}
{{- range $constraints }}
- {{ toYaml (merge (dict) . (dict "labelSelector" $selector)) | nindent 2 | trim }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Metadata of a component's pods, for (list $ COMPONENT VALUES). No chart version in it: an upgrade that changes nothing restarts nothing. */}}
{{- define "federation-control-plane.podMetadata" -}}
{{- $ := index . 0 -}}
{{- $values := index . 2 -}}
{{- $labels := include "federation-control-plane.selectorLabels" (list $ (index . 1)) | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/part-of" "federation" -}}
labels:
  {{- toYaml (merge $labels $values.podLabels $.Values.podLabels) | nindent 2 }}
{{- $annotations := merge (dict) $values.podAnnotations $.Values.podAnnotations -}}
{{- /* Where the container after which the component is called is not the first one. */}}
{{- if has (index . 1) (list "apiserver" "controller-manager") }}
{{- $annotations = merge $annotations (dict "kubectl.kubernetes.io/default-container" (index . 1)) -}}
{{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Security context of a container, for (list $ OVERRIDES). */}}
{{- define "federation-control-plane.securityContext" -}}
securityContext:
  {{- toYaml (mergeOverwrite (deepCopy (index . 0).Values.securityContext) (index . 1 | default dict)) | nindent 2 }}
{{- end -}}

{{/*
The three probes of a container, for (list PROBES HANDLER): PROBES is a component's `probes`, HANDLER maps
startup, readiness and liveness to what is asked.
*/}}
{{- define "federation-control-plane.probes" -}}
{{- $probes := index . 0 -}}
{{- range $kind, $handler := index . 1 }}
{{ $kind }}Probe:
  {{- toYaml (merge (dict) $handler (index $probes $kind)) | nindent 2 }}
{{- end }}
{{- end -}}

{{/* A volume that is a Secret, for (list VOLUME SECRET). Readable through the pod's fsGroup. */}}
{{- define "federation-control-plane.secretVolume" -}}
- name: {{ index . 0 }}
  secret:
    secretName: {{ index . 1 | quote }}
    defaultMode: 0440
{{- end -}}

{{/* PodDisruptionBudget of a component, for (list $ COMPONENT VALUES); nothing with a single replica. */}}
{{- define "federation-control-plane.podDisruptionBudget" -}}
{{- $ := index . 0 -}}
{{- $values := index . 2 -}}
{{- if and $values.podDisruptionBudget.enabled (gt (int $values.replicas) 1) -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "federation-control-plane.fullname" $ }}-{{ index . 1 }}
  namespace: {{ $.Release.Namespace | quote }}
  labels:
    {{- include "federation-control-plane.labels" (list $ (index . 1)) | nindent 4 }}
spec:
  maxUnavailable: {{ $values.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "federation-control-plane.selectorLabels" (list $ (index . 1)) | nindent 6 }}
{{- end -}}
{{- end -}}
