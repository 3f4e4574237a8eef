{{/* An image's full name, for (list $ IMAGE): registry/repository:tag, or @digest if there is one. */}}
{{- define "federation-dns.image" -}}
{{- $ := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $.Values.global.image.registry | default $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag }}{{ end -}}
{{- end -}}

{{/* A container's image and when it is pulled, for (list $ IMAGE). */}}
{{- define "federation-dns.containerImage" -}}
image: {{ include "federation-dns.image" . | quote }}
imagePullPolicy: {{ (index . 0).Values.global.image.pullPolicy }}
{{- end -}}

{{/* A line for each image that names neither tag nor digest; nothing if all do. */}}
{{- define "federation-dns.images.problems" -}}
{{- range $component := list "server" "etcd" -}}
{{- $image := (index $.Values $component).image -}}
{{- if not (or $image.tag $image.digest) -}}
{{- $path := include "federation-dns.value" (list $ (printf "%s.image" $component)) }}
{{ $path }} names neither a tag nor a digest of {{ $image.repository }}: set {{ $path }}.tag
{{- end }}
{{- end -}}
{{- end -}}
