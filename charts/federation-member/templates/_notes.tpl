{{/* What the user is told after installing: how this very membership is completed, command by command. */}}
{{- define "federation-member.notes" -}}
{{- $federation := .Values.federation.name -}}
{{- $namespace := .Release.Namespace -}}
{{- $account := include "federation-member.fullname" . -}}
{{- $secret := printf "%s.%s" $federation .Values.cluster -}}
This cluster is prepared to be member {{ .Values.cluster | quote }} of federation {{ $federation | quote }}.

Unless it was fedhelm that installed this, more is to be done. Either let fedhelm do it, with what is here:

  fedhelm join {{ .Values.cluster }} --federation={{ $federation }} --federation-system-namespace={{ $namespace }} --host-cluster-context=HOST --cluster-context=MEMBER

or do it by hand, HOST and MEMBER being the contexts of the host cluster and of this one:

1. Take a credential from this cluster. The federation renews it from then on.

  kubectl --context=MEMBER --namespace={{ $namespace }} create token {{ $account }} --duration=720h | tr -d '\n' > token
  kubectl --context=MEMBER --namespace={{ $namespace }} get configmap kube-root-ca.crt -o jsonpath='{.data.ca\.crt}' > ca.crt

2. Hand it to the federation's controller manager, in the host cluster.

  kubectl --context=HOST --namespace={{ $namespace }} create secret generic {{ $secret }} --from-file=token --from-file=ca.crt
  kubectl --context=HOST --namespace={{ $namespace }} label secret {{ $secret }} federation.fedhelm.io/federation={{ $federation }} federation.fedhelm.io/cluster={{ .Values.cluster }}
  kubectl --context=HOST --namespace={{ $namespace }} create role {{ $secret }} --verb=get,list,watch,update,patch --resource=secrets --resource-name={{ $secret }}
  kubectl --context=HOST --namespace={{ $namespace }} create rolebinding {{ $secret }} --role={{ $secret }} --serviceaccount={{ $namespace }}:{{ $federation }}-controller-manager
  rm token ca.crt

3. Register the cluster in the federation, SERVER being the address of this cluster's API as the host cluster reaches it, like https://192.0.2.10:6443.

  kubectl --context={{ $federation }} apply -f - <<'END'
  apiVersion: federation.fedhelm.io/v1beta1
  kind: Cluster
  metadata:
    name: {{ .Values.cluster }}
  spec:
    serverAddressByClientCIDRs:
    - serverAddress: SERVER
    secretRef:
      name: {{ $secret }}
  END
  kubectl --context={{ $federation }} wait cluster {{ .Values.cluster }} --for=condition=Ready
{{- if .Values.dns.resolver.enabled }}

4. Let this cluster's DNS ask the resolver: append this to the Corefile of CoreDNS, RESOLVER being what the command says.

  kubectl --context=MEMBER --namespace={{ $namespace }} get service {{ include "federation-member.resolver.fullname" . }} -o jsonpath='{.spec.clusterIP}'

  {{ include "federation-member.resolver.domain" . }}:53 {
      errors
      cache 30
      forward . RESOLVER
  }
{{- end }}
{{- if not .Values.federation.uid }}

WARNING: {{ include "federation-member.value" (list . "federation.uid") }} is not set: this membership cannot be told from that of another federation of the same name. Its value is what this says:

  kubectl --context={{ $federation }} get namespace kube-system -o jsonpath='{.metadata.uid}'
{{- end }}
{{- if .Values.rbac.clusterAdmin }}

WARNING: {{ include "federation-member.value" (list . "rbac.clusterAdmin") }} is true: who controls the federation controls this cluster.
{{- end }}
{{- end -}}
