{{/*
The container that answers the kubelet's probes, which carry no credentials. It is a side-car that the others start
after, and says that it has started when etcd is ready: kube-apiserver gives up after 20 s without etcd. The look-out is a
probe that takes as long as it takes, because the kubelet acts at once on a probe's end and only later on a container's.
*/}}
{{- define "federation-control-plane.apiserver.health" -}}
- name: health
  restartPolicy: Always
  {{- include "federation-control-plane.containerImage" (list . .Values.image) | nindent 2 }}
  command:
    - /usr/local/bin/federation-health-proxy
  args:
    - --listen=:8081
    - --target=https://127.0.0.1:6443
    - --ca-file=/etc/federation/health/ca.crt
    - --cert-file=/etc/federation/health/client.crt
    - --key-file=/etc/federation/health/client.key
  ports:
    - name: health
      containerPort: 8081
  livenessProbe:
    tcpSocket:
      port: health
    periodSeconds: 10
  {{- if include "federation-control-plane.etcd.enabled" . }}
  startupProbe:
    exec:
      command:
        - /usr/local/bin/federation-hook
        - wait
        - --federation={{ .Release.Name }}
        - --namespace={{ .Release.Namespace }}
        - --url=http://{{ .Release.Name }}-etcd-client.{{ .Release.Namespace }}.svc:2381/readyz
        - --timeout=25s
    timeoutSeconds: 30
    periodSeconds: 1
    # As good as for ever: there is no use in starting it anew.
    failureThreshold: 100000
  {{- end }}
  resources:
    {{- toYaml .Values.healthProxy.resources | nindent 4 }}
  {{- include "federation-control-plane.securityContext" (list . dict) | nindent 2 }}
  volumeMounts:
    - name: health-certs
      mountPath: /etc/federation/health
      readOnly: true
{{- end -}}

{{/* The container that checks user names and passwords in front of kube-apiserver. */}}
{{- define "federation-control-plane.apiserver.authProxy" -}}
{{- $args := dict
  "listen" ":8443"
  "target" "https://127.0.0.1:6443"
  "cert-dir" "/etc/federation/auth-proxy"
  "client-ca-file" "/etc/federation/auth-proxy/ca.crt"
  "users-file" "/etc/federation/basic/basicauth.csv"
  "health-listen" ":8082"
  "shutdown-delay" (include "federation-control-plane.apiserver.shutdownDelay" .) -}}
- name: auth-proxy
  {{- include "federation-control-plane.containerImage" (list . .Values.image) | nindent 2 }}
  command:
    - /usr/local/bin/federation-auth-proxy
  args:
    {{- include "federation-control-plane.args" (list $args .Values.authProxy.extraArgs) | trim | nindent 4 }}
  ports:
    - name: https
      containerPort: 8443
    - name: proxy-health
      containerPort: 8082
  {{- $healthz := dict "httpGet" (dict "port" "proxy-health" "path" "/healthz") }}
  {{- $readyz := dict "httpGet" (dict "port" "proxy-health" "path" "/readyz") }}
  {{- include "federation-control-plane.probes" (list .Values.apiServer.probes (dict "startup" $healthz "readiness" $readyz "liveness" $healthz)) | trim | nindent 2 }}
  resources:
    {{- toYaml .Values.authProxy.resources | nindent 4 }}
  {{- include "federation-control-plane.securityContext" (list . dict) | nindent 2 }}
  volumeMounts:
    - name: auth-proxy-certs
      mountPath: /etc/federation/auth-proxy
      readOnly: true
    - name: basic
      mountPath: /etc/federation/basic
      readOnly: true
{{- end -}}
