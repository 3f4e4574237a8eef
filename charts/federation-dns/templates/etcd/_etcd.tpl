{{/* URL by which CoreDNS and the controller manager reach etcd. */}}
{{- define "federation-dns.etcd.url" -}}
https://{{ .Release.Name }}-dns-etcd-client.{{ .Release.Namespace }}.svc:2379
{{- end -}}

{{/* DNS name of a member, for (list $ NUMBER). */}}
{{- define "federation-dns.etcd.host" -}}
{{- $ := index . 0 -}}
{{ $.Release.Name }}-dns-etcd-{{ index . 1 }}.{{ $.Release.Name }}-dns-etcd.{{ $.Release.Namespace }}.svc
{{- end -}}

{{/* What etcd is told on its command line: a map from flags to values. */}}
{{- define "federation-dns.etcd.args" -}}
{{- $own := printf "$(POD_NAME).%s-dns-etcd.%s.svc" .Release.Name .Release.Namespace -}}
{{- $members := list -}}
{{- range $i := until (int .Values.etcd.replicas) -}}
{{- $members = append $members (printf "%s-dns-etcd-%d=https://%s:2380" $.Release.Name $i (include "federation-dns.etcd.host" (list $ $i))) -}}
{{- end -}}
name: $(POD_NAME)
data-dir: /var/lib/etcd/data
listen-client-urls: https://0.0.0.0:2379
advertise-client-urls: https://{{ $own }}:2379
listen-peer-urls: https://0.0.0.0:2380
initial-advertise-peer-urls: https://{{ $own }}:2380
initial-cluster: {{ join "," $members }}
initial-cluster-state: new
initial-cluster-token: {{ printf "%s.%s.dns" .Release.Namespace .Release.Name | quote }}
listen-metrics-urls: http://0.0.0.0:2381
client-cert-auth: "true"
# The gateway would dial its own server with the server's certificate, which is no client's; nobody here speaks JSON.
enable-grpc-gateway: "false"
trusted-ca-file: /etc/federation/etcd/ca.crt
cert-file: /etc/federation/etcd/server.crt
key-file: /etc/federation/etcd/server.key
peer-client-cert-auth: "true"
peer-trusted-ca-file: /etc/federation/etcd/ca.crt
peer-cert-file: /etc/federation/etcd/peer.crt
peer-key-file: /etc/federation/etcd/peer.key
quota-backend-bytes: {{ int64 .Values.etcd.quotaBackendBytes | quote }}
auto-compaction-mode: {{ .Values.etcd.autoCompaction.mode }}
{{- $retention := .Values.etcd.autoCompaction.retention }}
auto-compaction-retention: {{ kindIs "string" $retention | ternary $retention (int64 $retention) | quote }}
log-level: {{ .Values.etcd.logLevel }}
{{- if eq (int .Values.etcd.replicas) 1 }}
{{- /* A lone member has nobody to wait for: it elects itself in a tenth of the time, and no slow network can unseat it. */}}
heartbeat-interval: "10"
election-timeout: "100"
{{- else }}
{{- /* Without it a member turns its peers away until DNS knows their new addresses. The certificate authority is etcd's own. */}}
peer-skip-client-san-verification: "true"
{{- end }}
{{- end -}}

{{/* How many bytes a size is, such as 1Gi or 1024Mi: an API server may give it back in another unit than it was given. */}}
{{- define "federation-dns.etcd.bytes" -}}
{{- $unit := regexFind "[A-Za-z]*$" . -}}
{{- $factors := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 -}}
{{- $factors = merge $factors (dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976) -}}
{{- mulf (trimSuffix $unit .) (index $factors $unit) -}}
{{- end -}}
