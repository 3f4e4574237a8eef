{{/* What a schema cannot say: one line for each value that does not go with the others; nothing if all is well. */}}
{{- define "federation-control-plane.problems" -}}
{{- $service := .Values.apiServer.service -}}
{{- $etcd := .Values.etcd -}}
{{- $persistence := $etcd.persistence -}}
{{- $v := dict -}}
{{- range list "etcd.replicas" "etcd.persistence" "etcd.external" "apiServer.service" "apiServer.auth" "pki" -}}
{{- $_ := set $v (replace "." "_" .) (include "federation-control-plane.value" (list $ .)) -}}
{{- end -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]{0,42}[a-z0-9])?$" .Release.Name) }}
the release is named {{ .Release.Name | quote }}, which is the federation's name and part of DNS names: choose one of at most 44 lower-case letters, digits and "-" that begins with a letter
{{- end }}
{{- include "federation-control-plane.images.problems" . }}
{{- include "federation-control-plane.dns.problems" . }}
{{- if and $service.nodePort (ne $service.type "NodePort") }}
{{ $v.apiServer_service }}.nodePort {{ $service.nodePort }} goes with a Service of type NodePort only: set {{ $v.apiServer_service }}.type to NodePort
{{- end }}
{{- if and $service.advertiseAddresses (eq $service.type "LoadBalancer") }}
{{ $v.apiServer_service }}.advertiseAddresses go with a Service of type NodePort or ClusterIP: set {{ $v.apiServer_service }}.type to one of them, or name the addresses in {{ $v.apiServer_service }}.extraSANs
{{- end }}
{{- if and (or $service.loadBalancerClass $service.loadBalancerSourceRanges) (ne $service.type "LoadBalancer") }}
{{ $v.apiServer_service }}.loadBalancerClass and loadBalancerSourceRanges go with a Service of type LoadBalancer only: set {{ $v.apiServer_service }}.type to LoadBalancer
{{- end }}
{{- if and $service.externalTrafficPolicy (eq $service.type "ClusterIP") }}
{{ $v.apiServer_service }}.externalTrafficPolicy goes with a Service of type NodePort or LoadBalancer: leave it empty
{{- end }}
{{- range $kind := list "token" "basic" }}
{{- $auth := index $.Values.apiServer.auth $kind }}
{{- if and $auth.existingSecret (not $auth.enabled) }}
{{ $v.apiServer_auth }}.{{ $kind }}.existingSecret is given but not used: set {{ $v.apiServer_auth }}.{{ $kind }}.enabled to true
{{- end }}
{{- end }}
{{- if and $persistence.existingClaim (not $persistence.enabled) }}
{{ $v.etcd_persistence }}.existingClaim is given but not used: set {{ $v.etcd_persistence }}.enabled to true
{{- end }}
{{- if and $persistence.existingClaim (gt (int $etcd.replicas) 1) }}
{{ $v.etcd_persistence }}.existingClaim is one volume, and etcd has {{ $etcd.replicas }} members: set {{ $v.etcd_replicas }} to 1
{{- end }}
{{- if and $etcd.external.servers $persistence.existingClaim }}
{{ $v.etcd_external }}.servers means that there is no etcd here to use {{ $v.etcd_persistence }}.existingClaim: leave one of them empty
{{- end }}
{{- if and (or $etcd.external.tlsSecret $etcd.external.prefix) (not $etcd.external.servers) }}
{{ $v.etcd_external }}.tlsSecret and prefix are for an etcd of yours: set {{ $v.etcd_external }}.servers
{{- end }}
{{- if and (or .Values.pki.existingCASecret .Values.pki.rotateCA .Values.pki.distrustCA) (not .Values.pki.create) }}
{{ $v.pki }}.existingCASecret, rotateCA and distrustCA are for certificates that the hook makes: set {{ $v.pki }}.create to true
{{- end }}
{{- if and .Values.pki.existingCASecret .Values.pki.rotateCA }}
{{ $v.pki }}.rotateCA replaces authorities that the hook made, and yours are in Secret {{ .Values.pki.existingCASecret | quote }}: replace them there, and leave {{ $v.pki }}.rotateCA empty
{{- end }}
{{- range .Values.pki.distrustCA }}
{{- if has . $.Values.pki.rotateCA }}
{{ $v.pki }}.rotateCA and distrustCA both name {{ . | quote }}: rotate first, and distrust when the new authority signs
{{- end }}
{{- end }}
{{- end -}}

{{/* What the etcd that is running does not let an upgrade change; nothing if all is well, or nothing is running. */}}
{{- define "federation-control-plane.etcd.upgradeProblems" -}}
{{- $running := lookup "apps/v1" "StatefulSet" .Release.Namespace (printf "%s-etcd" .Release.Name) -}}
{{- $replicas := include "federation-control-plane.value" (list . "etcd.replicas") -}}
{{- $persistence := include "federation-control-plane.value" (list . "etcd.persistence") -}}
{{- if and $running (include "federation-control-plane.etcd.enabled" .) -}}
{{- $members := int $running.spec.replicas -}}
{{- /* Zero is somebody's maintenance, not a number of members. */}}
{{- if and $members (ne $members (int .Values.etcd.replicas)) }}
etcd has {{ $members }} member(s) and {{ $replicas }} is {{ .Values.etcd.replicas }}, but an upgrade does not change the number of members: set {{ $replicas }} back to {{ $members }}. For another number save a snapshot of etcd, install a federation of that size under another name, and restore into it
{{- end }}
{{- $claims := $running.spec.volumeClaimTemplates | default list -}}
{{- $own := and .Values.etcd.persistence.enabled (not .Values.etcd.persistence.existingClaim) -}}
{{- if and $claims (not $own) }}
etcd keeps its data in volumes of its own, and an upgrade would leave them behind: set {{ $persistence }}.enabled to true and {{ $persistence }}.existingClaim to ""
{{- else if and $own (not $claims) }}
etcd does not keep its data in volumes of its own, and an upgrade cannot move them there: leave {{ $persistence }} as it was
{{- else if and $claims $own }}
{{- $claim := (first $claims).spec -}}
{{- if ne (include "federation-control-plane.etcd.bytes" $claim.resources.requests.storage) (include "federation-control-plane.etcd.bytes" .Values.etcd.persistence.size) }}
{{ $persistence }}.size cannot be changed from {{ $claim.resources.requests.storage }} to {{ .Values.etcd.persistence.size }} by an upgrade: set it back, and enlarge the PersistentVolumeClaims data-{{ .Release.Name }}-etcd-… themselves
{{- end }}
{{- if and .Values.etcd.persistence.storageClass (ne ($claim.storageClassName | default "") .Values.etcd.persistence.storageClass) }}
{{ $persistence }}.storageClass cannot be changed from {{ $claim.storageClassName | default "" | quote }} to {{ .Values.etcd.persistence.storageClass | quote }} by an upgrade: set it back
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}
