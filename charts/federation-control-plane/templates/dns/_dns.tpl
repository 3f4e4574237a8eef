{{/*
The zones that have the federation's names, the first one first, as a map with the list `zones`: what the values say of each,
and where its provider's configuration comes from. With provider coredns and without a Secret of the user's that is chart
federation-dns, whose server then serves the zone.
*/}}
{{- define "federation-control-plane.dns.zones" -}}
{{- $zones := list -}}
{{- range $i, $zone := prepend .Values.global.dns.additional (omit .Values.global.dns "additional") -}}
{{- if $zone.provider -}}
{{- $volume := gt $i 0 | ternary (printf "dns-provider-%d" $i) "dns-provider" -}}
{{- $bundled := and (eq $zone.provider "coredns") (not $zone.configSecret) -}}
{{- if $bundled }}{{ $volume = "dns-server" }}{{ end -}}
{{- $file := "" -}}
{{- if or $bundled $zone.configSecret }}{{ $file = printf "/etc/federation/%s/federation-dns-provider.conf" $volume }}{{ end -}}
{{- $zones = append $zones (merge (dict "bundled" $bundled "volume" $volume "file" $file "zone" (lower $zone.zone) "suffix" (lower ($zone.suffix | default ""))) $zone) -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "zones" $zones) -}}
{{- end -}}

{{/* "true" if a zone is served by the server of chart federation-dns, which then is there; nothing otherwise. */}}
{{- define "federation-control-plane.dns.bundled" -}}
{{- range (include "federation-control-plane.dns.zones" . | fromYaml).zones }}{{ if .bundled }}true{{ break }}{{ end }}{{ end -}}
{{- end -}}

{{/* "true" if a zone is served by others; nothing otherwise. */}}
{{- define "federation-control-plane.dns.elsewhere" -}}
{{- range (include "federation-control-plane.dns.zones" . | fromYaml).zones }}{{ if not .bundled }}true{{ break }}{{ end }}{{ end -}}
{{- end -}}

{{/* A zone as the value of the flag --dns-zone, for one of the list `zones`. */}}
{{- define "federation-control-plane.dns.zoneFlag" -}}
provider={{ .provider }},zone={{ .zone }}
{{- with .zoneID }},zone-id={{ . }}{{ end }}
{{- with .file }},config={{ . }}{{ end }}
{{- with .suffix }},suffix={{ . }}{{ end }}
{{- end -}}

{{/* What the controller manager is told of names: a map from flags to values; without a DNS provider, what the zone is called. */}}
{{- define "federation-control-plane.dns.args" -}}
{{- $zones := (include "federation-control-plane.dns.zones" . | fromYaml).zones -}}
{{- $manager := .Values.controllerManager.dns -}}
{{- with first $zones -}}
dns-provider: {{ .provider }}
zone-name: {{ .zone }}
{{- with .zoneID }}
zone-id: {{ . | quote }}
{{- end }}
{{- with .suffix }}
service-dns-suffix: {{ . }}
{{- end }}
{{- with .file }}
dns-provider-config: {{ . }}
{{- end }}
{{- with rest $zones }}
dns-zone:
  {{- range . }}
  - {{ include "federation-control-plane.dns.zoneFlag" . | quote }}
  {{- end }}
{{- end }}
dns-ttl: {{ $.Values.global.dns.ttl }}
dns-hostnames: {{ $manager.hostnames }}
dns-resync-period: {{ $manager.resyncPeriod }}
dns-offline-grace: {{ $manager.offlineGrace }}
dns-create-zone: {{ $manager.createZone | quote }}
{{- with $manager.adoptUIDs }}
dns-adopt-uids: {{ join "," . | quote }}
{{- end }}
{{- else -}}
{{- /* Somebody else sees to the zone: joining has to know it. */}}
{{- with .Values.global.dns.zone }}zone-name: {{ lower . }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Volumes with the configurations of providers, for (list $ BUNDLED); without BUNDLED that of chart federation-dns is left out. */}}
{{- define "federation-control-plane.dns.volumes" -}}
{{- $ := index . 0 -}}
{{- range (include "federation-control-plane.dns.zones" $ | fromYaml).zones }}
{{- if .configSecret }}
{{ include "federation-control-plane.secretVolume" (list .volume .configSecret) }}
{{- end }}
{{- end }}
{{- if and (index . 1) (include "federation-control-plane.dns.bundled" $) }}
# The configuration, the certificates that it names, and where the server is reached, which is not known from the start.
- name: dns-server
  projected:
    defaultMode: 0440
    sources:
      - configMap:
          name: {{ $.Release.Name }}-dns-provider
      - secret:
          name: {{ $.Release.Name }}-dns-client-certs
      - configMap:
          name: {{ $.Release.Name }}-dns-servers
          items:
            - key: servers
              path: servers
          optional: true
{{- end }}
{{- end -}}

{{/* Where a container mounts these volumes, for (list $ BUNDLED). */}}
{{- define "federation-control-plane.dns.volumeMounts" -}}
{{- $ := index . 0 -}}
{{- range (include "federation-control-plane.dns.zones" $ | fromYaml).zones }}
{{- if .configSecret }}
- name: {{ .volume }}
  mountPath: /etc/federation/{{ .volume }}
  readOnly: true
{{- end }}
{{- end }}
{{- if and (index . 1) (include "federation-control-plane.dns.bundled" $) }}
- name: dns-server
  mountPath: /etc/federation/dns-server
  readOnly: true
{{- end }}
{{- end -}}
