{{/* An image's full name, for (list $ IMAGE): registry/repository:tag, or @digest if there is one. */}}
{{- define "federation-member.image" -}}
{{- $ := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $.Values.global.image.registry | default $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag }}{{ end -}}
{{- end -}}

{{/* A container's image and when it is pulled, for (list $ IMAGE). */}}
{{- define "federation-member.containerImage" -}}
image: {{ include "federation-member.image" . | quote }}
imagePullPolicy: {{ (index . 0).Values.global.image.pullPolicy }}
{{- end -}}
