{{/* An image's full name, for (list $ IMAGE): registry/repository:tag, or @digest if there is one. */}}
{{- define "federation-dns.image" -}}
{{- $ := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $.Values.global.image.registry | default $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}

{{/* A container's image and when it is pulled, for (list $ IMAGE). */}}
{{- define "federation-dns.containerImage" -}}
image: {{ include "federation-dns.image" . | quote }}
imagePullPolicy: {{ (index . 0).Values.global.image.pullPolicy }}
{{- end -}}
