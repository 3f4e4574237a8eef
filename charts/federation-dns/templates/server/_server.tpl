{{/* How CoreDNS answers: from etcd, for the federation's zones and for nothing else. */}}
{{- define "federation-dns.corefile" -}}
{{- $zones := include "federation-dns.zones" . | splitList "\n" -}}
{{- $certs := "/etc/federation/dns" -}}
{{- range $i, $zone := $zones }}{{ if $i }} {{ end }}{{ trimSuffix "." $zone }}:5353{{ end }} {
    errors
    health :8080 {
        lameduck 5s
    }
    ready :8181
    prometheus :9153
    loadbalance
    {{- with .Values.server.extraPlugins }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    etcd {
        path {{ include "federation-dns.path" . }}
        endpoint {{ include "federation-dns.etcd.url" . }}
        tls {{ $certs }}/client.crt {{ $certs }}/client.key {{ $certs }}/ca.crt
    }
}
{{- end -}}

{{/* Metadata of CoreDNS' pods. The checksum restarts them when they shall answer otherwise; the chart's version does not. */}}
{{- define "federation-dns.server.podMetadata" -}}
{{- $checksum := dict "checksum/corefile" (include "federation-dns.corefile" . | sha256sum) -}}
{{- $server := merge (dict "podAnnotations" (merge $checksum .Values.server.podAnnotations)) .Values.server -}}
{{- include "federation-dns.podMetadata" (list . "dns" $server) -}}
{{- end -}}
