{{/* Annotations of a hook's object, for (list EVENTS WEIGHT). */}}
{{- define "federation-control-plane.hook.annotations" -}}
helm.sh/hook: {{ index . 0 }}
helm.sh/hook-weight: {{ index . 1 | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/* Metadata of an object, for (list $ COMPONENT); of a hook's object, for (list $ COMPONENT EVENTS WEIGHT). */}}
{{- define "federation-control-plane.hook.metadata" -}}
{{- $ := index . 0 -}}
name: {{ include "federation-control-plane.fullname" $ }}-{{ index . 1 }}
namespace: {{ $.Release.Namespace | quote }}
labels:
  {{- include "federation-control-plane.labels" (list $ (index . 1)) | nindent 2 }}
{{- if gt (len .) 2 }}
annotations:
  {{- include "federation-control-plane.hook.annotations" (list (index . 2) (index . 3)) | nindent 2 }}
{{- end }}
{{- end -}}

{{/* ServiceAccount of a hook, for (list $ COMPONENT EVENTS); without EVENTS that of an ordinary workload. */}}
{{- define "federation-control-plane.hook.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "federation-control-plane.hook.metadata" (gt (len .) 2 | ternary (append . -5) .) | nindent 2 }}
automountServiceAccountToken: false
{{- end -}}

{{/* RoleBinding of the Role to the ServiceAccount of the same name, for (list $ COMPONENT EVENTS) or (list $ COMPONENT). */}}
{{- define "federation-control-plane.hook.roleBinding" -}}
{{- $ := index . 0 -}}
{{- $name := printf "%s-%s" (include "federation-control-plane.fullname" $) (index . 1) -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- include "federation-control-plane.hook.metadata" (gt (len .) 2 | ternary (append . -5) .) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ $.Release.Namespace | quote }}
{{- end -}}

{{/*
Job of a hook, for (list $ COMPONENT EVENTS ARGS), ARGS being text: one flag of the hook binary per line. A further item
ends the Job's name, where the hook has another Job for other events; one more is MORE of jobSpec.
*/}}
{{- define "federation-control-plane.hook.job" -}}
{{- $ := index . 0 -}}
{{- $component := index . 1 -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "federation-control-plane.fullname" $ }}-{{ $component }}{{ if gt (len .) 4 }}{{ with index . 4 }}-{{ . }}{{ end }}{{ end }}
  namespace: {{ $.Release.Namespace | quote }}
  labels:
    {{- include "federation-control-plane.labels" (list $ $component) | nindent 4 }}
  annotations:
    {{- include "federation-control-plane.hook.annotations" (list (index . 2) 0) | nindent 4 }}
    helm.sh/hook-output-log-policy: hook-failed
spec:
  {{- include "federation-control-plane.hook.jobSpec" (list $ $component (index . 3) $.Values.hooks.timeoutSeconds (gt (len .) 5 | ternary (last .) dict)) | nindent 2 }}
{{- end -}}

{{/*
Specification of a Job that runs a command of the hook binary, for (list $ COMPONENT ARGS SECONDS MORE). MORE may have the text of
`env`, `volumeMounts` and `volumes`. The binary retries
what may pass by itself, so a run that failed is not repeated, and its pod stays: its log says why. It is told a little
less time than the Job has, so that it can still say what it waited for.
*/}}
{{- define "federation-control-plane.hook.jobSpec" -}}
{{- $ := index . 0 -}}
{{- $component := index . 1 -}}
{{- $seconds := int (index . 3) -}}
{{- $more := index . 4 -}}
activeDeadlineSeconds: {{ $seconds }}
backoffLimit: 0
ttlSecondsAfterFinished: 86400
podFailurePolicy:
  rules:
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
template:
  metadata:
    {{- include "federation-control-plane.podMetadata" (list $ $component $.Values.hooks) | nindent 4 }}
  spec:
    serviceAccountName: {{ include "federation-control-plane.fullname" $ }}-{{ $component }}
    automountServiceAccountToken: true
    {{- include "federation-control-plane.podSpec" (list $ $component dict) | nindent 4 }}
    restartPolicy: Never
    containers:
      - name: {{ $component }}
        {{- include "federation-control-plane.containerImage" (list $ $.Values.image) | nindent 8 }}
        command:
          - /usr/local/bin/federation-hook
          - {{ $component }}
        args:
          - --federation={{ $.Release.Name }}
          - --namespace={{ $.Release.Namespace }}
          {{- range (index . 2 | trim | splitList "\n") }}
          {{- with trim . }}
          - {{ . | quote }}
          {{- end }}
          {{- end }}
          - --timeout={{ sub $seconds 15 }}s
          - --v={{ $.Values.hooks.logLevel }}
        {{- with $more.env }}
        env:
          {{- . | trim | nindent 10 }}
        {{- end }}
        resources:
          {{- toYaml $.Values.hooks.resources | nindent 10 }}
        {{- include "federation-control-plane.securityContext" (list $ dict) | nindent 8 }}
        {{- with $more.volumeMounts }}
        volumeMounts:
          {{- . | trim | nindent 10 }}
        {{- end }}
    {{- with $more.volumes }}
    volumes:
      {{- . | trim | nindent 6 }}
    {{- end }}
{{- end -}}
