{{/*
An image's full name, for (list $ IMAGE): registry/repository:tag, or @digest if there is one. Without either it is of the
chart's version, which only ours may be.
*/}}
{{- define "federation-control-plane.image" -}}
{{- $ := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $.Values.global.image.registry | default $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}

{{/* A container's image and when it is pulled, for (list $ IMAGE). */}}
{{- define "federation-control-plane.containerImage" -}}
image: {{ include "federation-control-plane.image" . | quote }}
imagePullPolicy: {{ (index . 0).Values.global.image.pullPolicy }}
{{- end -}}

{{/* A line for each image of others that names neither tag nor digest; nothing if all do. */}}
{{- define "federation-control-plane.images.problems" -}}
{{- range $component := list "apiServer" "kubeControllerManager" "etcd" -}}
{{- $image := (index $.Values $component).image -}}
{{- if not (or $image.tag $image.digest) -}}
{{- $path := include "federation-control-plane.value" (list $ (printf "%s.image" $component)) }}
{{ $path }} names neither a tag nor a digest of {{ $image.repository }}, whose versions are not the chart's: set {{ $path }}.tag
{{- end }}
{{- end -}}
{{- end -}}
