{{/* What the user is told after installing. */}}
{{- define "federation-control-plane.notes" -}}
{{- $secret := printf "%s-kubeconfig" .Release.Name -}}
Federation {{ .Release.Name | quote }} is installed in namespace {{ .Release.Namespace | quote }}.

1. Get at its API. Either let fedhelm add the context {{ .Release.Name | quote }} to your kubeconfig:

     fedhelm kubeconfig {{ .Release.Name }} --merge --federation-system-namespace={{ .Release.Namespace }}
     kubectl --context={{ .Release.Name }} get namespaces

   or take a kubeconfig of its own:

     kubectl --namespace {{ .Release.Namespace }} get secret {{ $secret }} -o jsonpath='{.data.kubeconfig}' | base64 -d > {{ .Release.Name }}.kubeconfig
     kubectl --kubeconfig={{ .Release.Name }}.kubeconfig get namespaces
{{- if eq .Values.apiServer.service.type "ClusterIP" }}

   Its Service is of type ClusterIP: the API is reached from inside the host cluster only.
{{- end }}

2. Join the first cluster, CLUSTER being the context that it has in your kubeconfig, from the host cluster's context:

     fedhelm join CLUSTER --federation={{ .Release.Name }} --federation-system-namespace={{ .Release.Namespace }}

3. Check it from inside at any time:

     helm test {{ .Release.Name }} --namespace {{ .Release.Namespace }}
{{- if not .Values.pki.create }}

The certificates are your own: renew them in time. The federation only checks them.
{{- end }}
{{- if and (include "federation-control-plane.etcd.enabled" .) (not .Values.etcd.persistence.enabled) }}

WARNING: etcd keeps its data in its pod. When the pod goes, all of the federation's objects go with it.
{{- end }}
{{- if .Values.apiServer.auth.basic.enabled }}

WARNING: basic authentication is on. The password is in Secret {{ .Values.apiServer.auth.basic.existingSecret | default (printf "%s-auth-basic" .Release.Name) | quote }}; client certificates are the better way.
{{- end }}
{{- if .Values.teardown.force }}

WARNING: {{ include "federation-control-plane.value" (list . "teardown.force") }} is true: an uninstall goes ahead although clusters are joined.
{{- end }}
{{- end -}}
