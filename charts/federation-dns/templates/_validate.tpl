{{/* What a schema cannot say: one line for each value that does not go with the others; nothing if all is well. */}}
{{- define "federation-dns.problems" -}}
{{- $service := .Values.server.service -}}
{{- $persistence := .Values.etcd.persistence -}}
{{- $v := dict -}}
{{- range list "server.service" "etcd.persistence" "etcd.replicas" -}}
{{- $_ := set $v (replace "." "_" .) (include "federation-dns.value" (list $ .)) -}}
{{- end -}}
{{- include "federation-dns.images.problems" . }}
{{- if has "." (include "federation-dns.zones" . | splitList "\n") }}
global.dns.provider is "coredns" without a zone: set global.dns.zone, like "example.com."
{{- end }}
{{- if and $service.nodePort (ne $service.type "NodePort") }}
{{ $v.server_service }}.nodePort {{ $service.nodePort }} goes with a Service of type NodePort only: set {{ $v.server_service }}.type to NodePort
{{- end }}
{{- if and (or $service.loadBalancerClass $service.loadBalancerSourceRanges) (ne $service.type "LoadBalancer") }}
{{ $v.server_service }}.loadBalancerClass and loadBalancerSourceRanges go with a Service of type LoadBalancer only: set {{ $v.server_service }}.type to LoadBalancer
{{- end }}
{{- if and $service.externalTrafficPolicy (eq $service.type "ClusterIP") }}
{{ $v.server_service }}.externalTrafficPolicy goes with a Service of type NodePort or LoadBalancer: leave it empty
{{- end }}
{{- if and $persistence.existingClaim (not $persistence.enabled) }}
{{ $v.etcd_persistence }}.existingClaim is given but not used: set {{ $v.etcd_persistence }}.enabled to true
{{- end }}
{{- if and $persistence.existingClaim (gt (int .Values.etcd.replicas) 1) }}
{{ $v.etcd_persistence }}.existingClaim is one volume, and etcd has {{ .Values.etcd.replicas }} members: set {{ $v.etcd_replicas }} to 1
{{- end }}
{{- end -}}

{{/* What the etcd that is running does not let an upgrade change; nothing if all is well, or nothing is running. */}}
{{- define "federation-dns.etcd.upgradeProblems" -}}
{{- $running := lookup "apps/v1" "StatefulSet" .Release.Namespace (printf "%s-dns-etcd" .Release.Name) -}}
{{- $replicas := include "federation-dns.value" (list . "etcd.replicas") -}}
{{- $persistence := include "federation-dns.value" (list . "etcd.persistence") -}}
{{- if $running -}}
{{- $members := int $running.spec.replicas -}}
{{- /* Zero is somebody's maintenance, not a number of members. */}}
{{- if and $members (ne $members (int .Values.etcd.replicas)) }}
the etcd of the DNS server has {{ $members }} member(s) and {{ $replicas }} is {{ .Values.etcd.replicas }}, but an upgrade does not change the number of members: set {{ $replicas }} back to {{ $members }}
{{- end }}
{{- $claims := $running.spec.volumeClaimTemplates | default list -}}
{{- $own := and .Values.etcd.persistence.enabled (not .Values.etcd.persistence.existingClaim) -}}
{{- if and $claims (not $own) }}
the etcd of the DNS server keeps its data in volumes of its own, and an upgrade would leave them behind: set {{ $persistence }}.enabled to true and {{ $persistence }}.existingClaim to ""
{{- else if and $own (not $claims) }}
the etcd of the DNS server does not keep its data in volumes of its own, and an upgrade cannot move them there: leave {{ $persistence }} as it was
{{- else if and $claims $own }}
{{- $claim := (first $claims).spec -}}
{{- if ne (include "federation-dns.etcd.bytes" $claim.resources.requests.storage) (include "federation-dns.etcd.bytes" .Values.etcd.persistence.size) }}
{{ $persistence }}.size cannot be changed from {{ $claim.resources.requests.storage }} to {{ .Values.etcd.persistence.size }} by an upgrade: set it back, and enlarge the PersistentVolumeClaims data-{{ .Release.Name }}-dns-etcd-… themselves
{{- end }}
{{- if and .Values.etcd.persistence.storageClass (ne ($claim.storageClassName | default "") .Values.etcd.persistence.storageClass) }}
{{ $persistence }}.storageClass cannot be changed from {{ $claim.storageClassName | default "" | quote }} to {{ .Values.etcd.persistence.storageClass | quote }} by an upgrade: set it back
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}
