{{/* Name of the resolver's objects. */}}
{{- define "federation-member.resolver.fullname" -}}
{{ .Values.federation.name }}-resolver
{{- end -}}

{{/* The domain of the federation's names inside this cluster. */}}
{{- define "federation-member.resolver.domain" -}}
{{ .Values.federation.name }}.svc.{{ trimSuffix "." .Values.dns.clusterDomain }}
{{- end -}}

{{/* A zone's or region's name as a label of a DNS name: lower case, "-" for what DNS does not take. */}}
{{- define "federation-member.resolver.dnsLabel" -}}
{{ regexReplaceAll "[^a-z0-9-]" (lower .) "-" | trimAll "-" }}
{{- end -}}

{{/* What the resolver needs to be told, one line for each value that is missing. */}}
{{- define "federation-member.resolver.problems" -}}
{{- if .Values.dns.resolver.enabled }}
{{- $enabled := include "federation-member.value" (list . "dns.resolver.enabled") }}
{{- if not .Values.dns.zone }}
{{ $enabled }} is true without a zone: set {{ include "federation-member.value" (list . "dns.zone") }} to the federation's DNS zone, like "example.com."
{{- end }}
{{- $inner := trimSuffix "." .Values.dns.clusterDomain }}
{{- if hasSuffix (printf ".%s" $inner) (printf ".%s" (trimSuffix "." .Values.dns.zone)) }}
{{ include "federation-member.value" (list . "dns.zone") }} {{ .Values.dns.zone | quote }} is in this cluster's own domain {{ $inner | quote }}, of which its DNS asks nobody else: names there would lead back here. Choose another zone for the federation, or set {{ include "federation-member.value" (list . "dns.resolver.enabled") }} to false
{{- end }}
{{- if not .Values.federation.uid }}
{{ $enabled }} is true without {{ include "federation-member.value" (list . "federation.uid") }}, by which the resolver says whose names it answers: set it to the UID of namespace kube-system in the federation's API
{{- end }}
{{- end }}
{{- end -}}

{{/*
Where a name leads that has no ready endpoints here: to this cluster's zone; to its region without a zone; else to
the whole federation. A zone without a region is in no name.
*/}}
{{- define "federation-member.resolver.nearest" -}}
{{- $zone := include "federation-member.resolver.dnsLabel" .Values.dns.topology.zone -}}
{{- $region := include "federation-member.resolver.dnsLabel" .Values.dns.topology.region -}}
{{- .Values.federation.name }}.svc.
{{- if $region }}{{ with $zone }}{{ . }}.{{ end }}{{ $region }}.{{ end -}}
{{ trimSuffix "." .Values.dns.zone }}.
{{- end -}}

{{/*
How the resolver answers, in three server blocks of which the last two are asked by the first alone. Nothing in it
is ever forwarded to the cluster's DNS under the federation's domain: that would come back.
*/}}
{{- define "federation-member.resolver.corefile" -}}
{{- $domain := include "federation-member.resolver.domain" . -}}
{{- $escaped := replace "." "\\." $domain -}}
{{- $zone := trimSuffix "." .Values.dns.zone -}}
{{- $clusterDomain := trimSuffix "." .Values.dns.clusterDomain -}}
{{- $soa := printf "%s. %v IN SOA resolver.%s. hostmaster.%s. 1 7200 1800 86400 %v" $domain .Values.dns.ttl $domain $domain .Values.dns.ttl -}}
# What the cluster's DNS forwards to: a local Service first, then the federation.
{{ $domain }}:1053 {
    errors
    health :8080 {
        lameduck 5s
    }
    prometheus :9153
    template IN TXT _fedhelm.{{ $domain }} {
        match ^_fedhelm\.{{ $escaped }}\.$
        answer "{{ "{{ .Name }}" }} 5 IN TXT federation={{ .Values.federation.name }} uid={{ .Values.federation.uid }}"
        fallthrough
    }
    forward . 127.0.0.1:5301 {
        max_fails 0
        next NXDOMAIN
    }
    forward . 127.0.0.1:5302 {
        max_fails 0
    }
}
# The local Service, when it has ready endpoints.
.:5301 {
    bind 127.0.0.1
    errors
    ready :8181
    rewrite stop {
        name regex ^([^.]+)\.([^.]+)\.{{ $escaped }}\.$ {1}.{2}.svc.{{ $clusterDomain }} answer auto
    }
    kubernetes {{ $clusterDomain }} {
        ignore empty_service
        ttl {{ .Values.dns.ttl }}
    }
}
# The federation: the nearest level of its names, with the addresses that {{ .Values.dns.resolver.zoneServers | empty | ternary "the cluster's DNS finds" "the federation's DNS has" }} for it.
.:5302 {
    bind 127.0.0.1
    errors
    template ANY ANY {{ $domain }} {
        match ^(?P<service>[^.]+)\.(?P<namespace>[^.]+)\.{{ $escaped }}\.$
        answer "{{ "{{ .Name }}" }} {{ .Values.dns.ttl }} IN CNAME {{ "{{ .Group.service }}.{{ .Group.namespace }}" }}.{{ include "federation-member.resolver.nearest" . }}"
        upstream
        fallthrough
    }
    # Below the domain itself there are names.
    template ANY ANY {{ $domain }} {
        match ^{{ $escaped }}\.$
        authority "{{ $soa }}"
        fallthrough
    }
    template ANY ANY {{ $domain }} {
        rcode NXDOMAIN
        authority "{{ $soa }}"
    }
    # What the zone said last holds for a day while it cannot be asked, or does not answer within a second: what runs here needs neither the
    # federation nor its DNS to go on.
    cache 1 {{ $zone }} {
        success 9984 1 1
        denial 9984 1 1
        servfail 0
        serve_stale 24h verify 1s
    }
    {{- with .Values.dns.resolver.zoneServers }}
    # The zone's own servers: nobody else may know it. One that does not answer is left out until it does.
    forward {{ $zone }} {{ join " " . }}
    {{- else }}
    forward {{ $zone }} /etc/resolv.conf {
        max_fails 0
    }
    {{- end }}
}
{{- end -}}
