{{/* What is wrong with the values about names, one line each; nothing if all is well. */}}
{{- define "federation-control-plane.dns.problems" -}}
{{- $dns := .Values.global.dns -}}
{{- if and $dns.provider (not $dns.zone) }}
global.dns.provider is {{ $dns.provider | quote }} without a zone: set global.dns.zone, like "example.com."
{{- end }}
{{- if and $dns.zone (not (hasSuffix "." $dns.zone)) }}
global.dns.zone {{ $dns.zone | quote }} does not end with a dot: set it to {{ printf "%s." $dns.zone | quote }}
{{- end }}
{{- range $key := list "configSecret" "zoneID" "suffix" "additional" }}
{{- if and (index $dns $key) (not $dns.provider) }}
global.dns.{{ $key }} is given without a provider: set global.dns.provider
{{- end }}
{{- end }}
{{- range $i, $zone := prepend $dns.additional (omit $dns "additional") }}
{{- $path := gt $i 0 | ternary (printf "global.dns.additional[%d]" (sub $i 1)) "global.dns" }}
{{- if and .zone .suffix (not (hasSuffix (printf ".%s." (trimSuffix "." .zone | lower)) (printf ".%s" (lower .suffix)))) }}
{{ $path }}.suffix {{ .suffix | quote }} is not in its zone: set it to {{ printf "%s." (trimSuffix "." .zone) | quote }}, or to a domain in that, with a dot at its end
{{- end }}
{{- if and (eq .provider "rfc2136") (not .configSecret) }}
{{ $path }}.provider is "rfc2136" without a configSecret, and nothing says which server takes the updates: set {{ $path }}.configSecret to a Secret with federation-dns-provider.conf (fedhelm: --dns-provider-config=FILE)
{{- end }}
{{- end }}
{{- $seen := list }}
{{- range (include "federation-control-plane.dns.zones" . | fromYaml).zones }}
{{- $same := printf "%s %s %s %s" .provider .zone (.zoneID | default "") (.configSecret | default "") }}
{{- if has $same $seen }}
the zone {{ .zone | quote }} of provider {{ .provider | quote }} is named twice: take one away, or tell them apart by their zoneID
{{- end }}
{{- $seen = append $seen $same }}
{{- end }}
{{- if include "federation-control-plane.dns.bundled" . }}
{{- if .Chart.IsRoot }}
the provider is "coredns" without a configSecret, and the server that then is made comes with the chart "federation" only: install that, or set global.dns.configSecret
{{- end }}
{{- if eq .Values.controllerManager.dns.hostnames "cname" }}
{{ include "federation-control-plane.value" (list . "controllerManager.dns.hostnames") }} is "cname", but the DNS server that is made here knows no names of others, and clients would not follow: set it to "resolve"
{{- end }}
{{- end }}
{{- end -}}
