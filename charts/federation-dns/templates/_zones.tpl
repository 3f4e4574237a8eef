{{/*
The zones that this server serves, one per line: those of provider coredns for which the user names no configuration, and
so no server of their own. Nothing if there are none: then the chart makes nothing.
*/}}
{{- define "federation-dns.zones" -}}
{{- $zones := list -}}
{{- range prepend .Values.global.dns.additional (omit .Values.global.dns "additional") -}}
{{- if and (eq .provider "coredns") (not .configSecret) -}}
{{- $zones = append $zones (printf "%s." (trimSuffix "." .zone | lower)) -}}
{{- end -}}
{{- end -}}
{{- uniq $zones | join "\n" -}}
{{- end -}}

{{/* Where in etcd the zones are kept. What writes them and what reads them have to agree. */}}
{{- define "federation-dns.path" -}}
/skydns
{{- end -}}
