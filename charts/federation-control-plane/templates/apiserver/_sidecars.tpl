{{/*
The container that answers the kubelet's probes, which carry no credentials. It is the first of its pod: a kubelet starts
containers one after the other, and a container's postStart hook before the next one. So the program that holds
kube-apiserver back until etcd is ready is in its place by then.
*/}}
{{- define "federation-control-plane.apiserver.health" -}}
- name: health
  {{- include "federation-control-plane.containerImage" (list . .Values.image) | nindent 2 }}
  command:
    - /usr/local/bin/federation-health-proxy
  args:
    - --listen=:8081
    - --target=https://127.0.0.1:6443
    - --ca-file=/etc/federation/health/ca.crt
    - --cert-file=/etc/federation/health/client.crt
    - --key-file=/etc/federation/health/client.key
  {{- if include "federation-control-plane.etcd.enabled" . }}
  lifecycle:
    postStart:
      exec:
        command:
          - /usr/local/bin/federation-start
          - --install=/run/federation/start/federation-start
  {{- end }}
  ports:
    - name: health
      containerPort: 8081
  livenessProbe:
    tcpSocket:
      port: health
    periodSeconds: 10
  resources:
    {{- toYaml .Values.healthProxy.resources | nindent 4 }}
  {{- include "federation-control-plane.securityContext" (list . dict) | nindent 2 }}
  volumeMounts:
    - name: health-certs
      mountPath: /etc/federation/health
      readOnly: true
    {{- if include "federation-control-plane.etcd.enabled" . }}
    - name: federation-start
      mountPath: /run/federation/start
    {{- end }}
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
