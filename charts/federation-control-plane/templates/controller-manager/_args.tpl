{{/* What federation-controller-manager is told on its command line: a map from flags to values. */}}
{{- define "federation-control-plane.controllerManager.args" -}}
kubeconfig: /etc/federation/controller-manager/kubeconfig
federation-name: {{ .Release.Name | quote }}
federation-namespace: {{ .Release.Namespace | quote }}
start-after: /run/federation/bootstrap/done
leader-elect: "true"
health-bind-address: ":8081"
metrics-bind-address: ":8080"
pprof-bind-address: 127.0.0.1:6060
{{- with .Values.controllerManager.federatedKinds }}
federated-kinds: {{ join "," . }}
{{- end }}
failover-grace: {{ .Values.controllerManager.failover.grace }}
failover-limit: {{ .Values.controllerManager.failover.limit | quote }}
unsourced-deletion-limit: {{ .Values.controllerManager.unsourcedDeletionLimit | quote }}
# A variable of the container, which the kubelet fills in.
client-address: $(POD_IP)
{{- with include "federation-control-plane.dns.args" . }}
{{ . }}
{{- end }}
v: {{ .Values.controllerManager.logLevel | quote }}
{{- end -}}

{{/* The controllers that a control plane without nodes needs: the members run all others. */}}
{{- define "federation-control-plane.kubeControllerManager.controllers" -}}
clusterrole-aggregation-controller
garbage-collector-controller
namespace-controller
root-ca-certificate-publisher-controller
serviceaccount-controller
serviceaccount-token-controller
ttl-after-finished-controller
{{- end -}}

{{/* What kube-controller-manager is told on its command line: a map from flags to values. */}}
{{- define "federation-control-plane.kubeControllerManager.args" -}}
kubeconfig: /etc/federation/kube-controller-manager/kubeconfig
controllers: {{ include "federation-control-plane.kubeControllerManager.controllers" . | splitList "\n" | join "," }}
root-ca-file: /etc/federation/kube-controller-manager/ca.crt
service-account-private-key-file: /etc/federation/kube-controller-manager/sa.key
use-service-account-credentials: "true"
leader-elect: "true"
kube-api-qps: "100"
kube-api-burst: "200"
bind-address: 0.0.0.0
secure-port: "10257"
# Its own certificate serves the kubelet's probes only: made at the start, kept in memory.
cert-dir: ""
v: {{ .Values.kubeControllerManager.logLevel | quote }}
{{- end -}}
