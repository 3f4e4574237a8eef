{{/* What the hook binary has to know to make certificates, one flag per line. */}}
{{- define "federation-control-plane.pki.args" -}}
--cluster-domain={{ .Values.global.clusterDomain }}
--service-cluster-ip-range={{ .Values.apiServer.serviceClusterIPRange }}
--etcd={{ include "federation-control-plane.etcd.enabled" . | default "false" }}
{{- if include "federation-control-plane.dns.bundled" . }}
--dns-etcd
{{- end }}
--key-algorithm={{ .Values.pki.keyAlgorithm }}
--ca-validity={{ .Values.pki.caValidity }}
--leaf-validity={{ .Values.pki.leafValidity }}
{{- with .Values.pki.existingCASecret }}
--existing-ca-secret={{ . }}
{{- end }}
{{- if not .Values.pki.create }}
--check-only
{{- end }}
{{- if ne (int .Values.apiServer.service.port) 443 }}
--service-port={{ .Values.apiServer.service.port }}
{{- end }}
{{- with .Values.apiServer.auth.token }}
{{- if .enabled }}
--token-auth
{{- with .existingSecret }}
--token-secret={{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.apiServer.auth.basic }}
{{- if .enabled }}
--basic-auth
{{- with .existingSecret }}
--basic-secret={{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- range concat .Values.apiServer.service.advertiseAddresses .Values.apiServer.service.extraSANs | uniq }}
--extra-san={{ . }}
{{- end }}
{{- end -}}

{{/* Names of the Secrets that hooks make, of which some federations need only some. */}}
{{- define "federation-control-plane.pki.secrets" -}}
{{- range list "admin-certs" "apiserver-certs" "apiserver-health-certs" "auth-basic" "auth-proxy-certs" "auth-tokens" "bootstrap-certs" "ca" "controller-manager-certs" "dns-client-certs" "dns-etcd-certs" "dns-server-certs" "etcd-certs" "kube-controller-manager-certs" "kubeconfig" }}
- {{ $.Release.Name }}-{{ . }}
{{- end }}
{{- end -}}

{{/* Names of the Secrets that are the user's own and only read; nothing if there are none. */}}
{{- define "federation-control-plane.pki.foreignSecrets" -}}
{{- range list .Values.pki.existingCASecret .Values.apiServer.auth.token.existingSecret .Values.apiServer.auth.basic.existingSecret }}
{{- with . }}
- {{ . | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
Rules that whoever makes and renews certificates needs: the Secrets, by name, and rolling the pods when an authority
changes. Who only checks certificates only reads.
*/}}
{{- define "federation-control-plane.pki.rules" -}}
- apiGroups: [""]
  resources: [secrets]
  verbs: {{ .Values.pki.create | ternary "[get, update]" "[get]" }}
  resourceNames:
    {{- include "federation-control-plane.pki.secrets" . | trim | nindent 4 }}
{{- with include "federation-control-plane.pki.foreignSecrets" . }}
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
  resourceNames:
    {{- . | trim | nindent 4 }}
{{- end }}
{{- if .Values.pki.create }}
{{ include "federation-control-plane.pki.createRule" . }}
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, patch]
  resourceNames:
    - {{ .Release.Name }}-apiserver
    - {{ .Release.Name }}-controller-manager
    {{- if include "federation-control-plane.dns.bundled" . }}
    - {{ .Release.Name }}-dns
    {{- end }}
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, patch]
  resourceNames:
    - {{ .Release.Name }}-etcd
    {{- if include "federation-control-plane.dns.bundled" . }}
    - {{ .Release.Name }}-dns-etcd
    {{- end }}
{{- end }}
{{- end -}}

{{/* Rule to create Secrets: RBAC cannot tell by its name what is created. */}}
{{- define "federation-control-plane.pki.createRule" -}}
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
{{- end -}}
