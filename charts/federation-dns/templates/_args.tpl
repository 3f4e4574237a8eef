{{/*
Command-line flags, for (list DEFAULTS OVERRIDES), two maps from a flag's name to its value. An override wins over the
default of the same name; a list repeats the flag; null drops it. Sorted by name, so that equal values give equal pods.
*/}}
{{- define "federation-dns.args" -}}
{{- $flags := merge (dict) (index . 0) -}}
{{- range $name, $value := index . 1 }}{{- $_ := set $flags $name $value }}{{- end -}}
{{- range $name, $value := $flags }}
{{- range (kindIs "slice" $value | ternary $value (list $value)) }}
{{- if not (kindIs "invalid" .) }}
- {{ printf "--%s=%s" $name (kindIs "float64" . | ternary (int64 . | toString) (toString .)) | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
