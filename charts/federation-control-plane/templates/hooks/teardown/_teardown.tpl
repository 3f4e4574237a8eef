{{/* What the teardown hook is told, one flag per line: the zones from which the federation's records go. */}}
{{- define "federation-control-plane.teardown.args" -}}
{{- if include "federation-control-plane.dns.elsewhere" . -}}
--federation-kubeconfig=/etc/federation/controller-manager/kubeconfig
{{- range (include "federation-control-plane.dns.zones" . | fromYaml).zones }}
{{- if not .bundled }}
--dns-zone={{ include "federation-control-plane.dns.zoneFlag" . }}
{{- end }}
{{- end }}
{{- range .Values.controllerManager.dns.adoptUIDs }}
--dns-adopt-uid={{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What it needs to get at them: all that the controller manager has for it, and the federation's API, which says who the federation is. */}}
{{- define "federation-control-plane.teardown.more" -}}
{{- if include "federation-control-plane.dns.elsewhere" . -}}
{{- $manager := .Values.controllerManager -}}
{{- with $manager.extraEnv }}
env: |
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts: |
  - name: certs
    mountPath: /etc/federation/controller-manager
    readOnly: true
  {{- include "federation-control-plane.dns.volumeMounts" (list . "") | nindent 2 }}
  {{- with $manager.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumes: |
  {{- include "federation-control-plane.secretVolume" (list "certs" (printf "%s-controller-manager-certs" .Release.Name)) | nindent 2 }}
  {{- include "federation-control-plane.dns.volumes" (list . "") | nindent 2 }}
  {{- with $manager.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}
