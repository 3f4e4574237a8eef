{{/* What kube-apiserver is told on its command line: a map from flags to values. */}}
{{- define "federation-control-plane.apiserver.args" -}}
{{- $certs := "/etc/federation/apiserver" -}}
secure-port: "6443"
authorization-mode: RBAC
allow-privileged: "true"
service-cluster-ip-range: {{ .Values.apiServer.serviceClusterIPRange }}
disable-admission-plugins: {{ include "federation-control-plane.apiserver.disabledAdmission" . | splitList "\n" | join "," }}
client-ca-file: {{ $certs }}/ca.crt
tls-cert-file: {{ $certs }}/server.crt
tls-private-key-file: {{ $certs }}/server.key
service-account-issuer: https://kubernetes.default.svc.{{ .Values.global.clusterDomain }}
service-account-key-file: {{ $certs }}/sa.pub
service-account-signing-key-file: {{ $certs }}/sa.key
requestheader-client-ca-file: {{ $certs }}/front-proxy-ca.crt
requestheader-allowed-names: front-proxy-client,federation-auth-proxy
requestheader-username-headers: X-Remote-User
requestheader-uid-headers: X-Remote-Uid
requestheader-group-headers: X-Remote-Group
requestheader-extra-headers-prefix: X-Remote-Extra-
proxy-client-cert-file: {{ $certs }}/front-proxy-client.crt
proxy-client-key-file: {{ $certs }}/front-proxy-client.key
shutdown-delay-duration: {{ include "federation-control-plane.apiserver.shutdownDelay" . }}
shutdown-send-retry-after: "true"
# Until then /livez does not mind what has yet to be done at the start, such as hundreds of roles in a slow etcd.
livez-grace-period: 5m
v: {{ .Values.apiServer.logLevel | quote }}
{{- if and (gt (int .Values.apiServer.replicas) 1) (not .Values.apiServer.auth.basic.enabled) }}
{{- /* Spreads the connections of clients again after an API server was away; the proxy's own lead nowhere else. */}}
goaway-chance: "0.001"
{{- end }}
{{- if .Values.apiServer.auth.token.enabled }}
token-auth-file: /etc/federation/tokens/tokens.csv
{{- end }}
{{- with include "federation-control-plane.apiserver.advertiseAddress" . }}
advertise-address: {{ . | quote }}
{{- end }}
{{ include "federation-control-plane.apiserver.etcdArgs" . }}
{{- end -}}

{{/* How long a pod that ends goes on to serve, until nobody is sent to it any more. */}}
{{- define "federation-control-plane.apiserver.shutdownDelay" -}}
5s
{{- end -}}

{{/*
Admission plugins that are on by default and make no sense here: they are about pods, nodes and volumes, of which this
API has none, or (ResourceQuota, StorageObjectInUseProtection) wait for controllers that only members run. What a
Service, an Ingress or a claim gets by default is the member's to say.
*/}}
{{- define "federation-control-plane.apiserver.disabledAdmission" -}}
DefaultIngressClass
DefaultStorageClass
DefaultTolerationSeconds
LimitRanger
PersistentVolumeClaimResize
PodTopologyLabels
Priority
ResourceQuota
RuntimeClass
ServiceAccount
StorageObjectInUseProtection
TaintNodesByCondition
{{- end -}}

{{/* Flags by which kube-apiserver finds etcd. */}}
{{- define "federation-control-plane.apiserver.etcdArgs" -}}
{{- $external := .Values.etcd.external -}}
{{- if include "federation-control-plane.etcd.enabled" . -}}
{{- $servers := list -}}
{{- range $i := until (int .Values.etcd.replicas) -}}
{{- $servers = append $servers (printf "https://%s:2379" (include "federation-control-plane.etcd.host" (list $ $i))) -}}
{{- end -}}
etcd-servers: {{ join "," $servers }}
etcd-cafile: /etc/federation/apiserver/etcd-ca.crt
etcd-certfile: /etc/federation/apiserver/etcd-client.crt
etcd-keyfile: /etc/federation/apiserver/etcd-client.key
{{- else -}}
etcd-servers: {{ join "," $external.servers }}
etcd-prefix: {{ $external.prefix | default (printf "/fedhelm/%s/%s" .Release.Namespace .Release.Name) }}
{{- if $external.tlsSecret }}
etcd-cafile: /etc/federation/etcd-client/ca.crt
etcd-certfile: /etc/federation/etcd-client/tls.crt
etcd-keyfile: /etc/federation/etcd-client/tls.key
{{- end }}
{{- end -}}
{{- end -}}

{{/* The first advertise address, if it is an IP address and clients come through a node port; nothing otherwise. */}}
{{- define "federation-control-plane.apiserver.advertiseAddress" -}}
{{- $service := .Values.apiServer.service -}}
{{- if and (eq $service.type "NodePort") $service.advertiseAddresses -}}
{{- $address := first $service.advertiseAddresses -}}
{{- if or (regexMatch `^[0-9]+(\.[0-9]+){3}$` $address) (contains ":" $address) }}{{ $address }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* Volumes of the API server's pod. */}}
{{- define "federation-control-plane.apiserver.volumes" -}}
{{- $api := .Values.apiServer -}}
{{ include "federation-control-plane.secretVolume" (list "certs" (printf "%s-apiserver-certs" .Release.Name)) }}
{{ include "federation-control-plane.secretVolume" (list "health-certs" (printf "%s-apiserver-health-certs" .Release.Name)) }}
{{- if include "federation-control-plane.etcd.enabled" . }}
- name: federation-start
  emptyDir:
    sizeLimit: 64Mi
{{- end }}
{{- with .Values.etcd.external.tlsSecret }}
{{ include "federation-control-plane.secretVolume" (list "etcd-client" .) }}
{{- end }}
{{- if $api.auth.token.enabled }}
{{ include "federation-control-plane.secretVolume" (list "tokens" ($api.auth.token.existingSecret | default (printf "%s-auth-tokens" .Release.Name))) }}
{{- end }}
{{- if $api.auth.basic.enabled }}
{{ include "federation-control-plane.secretVolume" (list "auth-proxy-certs" (printf "%s-auth-proxy-certs" .Release.Name)) }}
{{ include "federation-control-plane.secretVolume" (list "basic" ($api.auth.basic.existingSecret | default (printf "%s-auth-basic" .Release.Name))) }}
    items:
      - key: basicauth.csv
        path: basicauth.csv
{{- end }}
{{- with $api.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
