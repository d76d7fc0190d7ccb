{{- define "labels.selector" -}}
app.kubernetes.io/name: {{ required "name: which service? Give infra/deploy/k8s/services/<name>.yaml" .Values.name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "labels.pod" -}}
{{ include "labels.selector" . }}
app.kubernetes.io/part-of: switchboard
{{- end }}

{{- define "labels" -}}
{{ include "labels.pod" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "image" -}}
{{- $tag := required "image.tag: which build?" .Values.image.tag | toString -}}
{{- with .Values.image.registry }}{{ . }}/{{ end -}}
{{- .Values.image.repository | default (printf "switchboard/%s" .Values.name) -}}
{{- if hasPrefix "sha256:" $tag }}@{{ else }}:{{ end }}{{ $tag }}
{{- end }}

{{- /* Keys of a Secret come first: Kubernetes replaces $(KEY) only by variables that are defined above. */}}
{{- define "env" -}}
{{- $root := .root -}}
{{- $secret := .secret -}}
{{- range .secretKeys }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ . }} } }
{{- end }}
{{- if $root.Values.caSecret }}
- { name: NODE_EXTRA_CA_CERTS, value: /etc/switchboard/ca/ca.crt }
{{- end }}
{{- range $name, $value := .env }}
{{- if not (kindIs "invalid" $value) }}
- name: {{ $name }}
  value: {{ tpl $value $root | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "pod.security" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- /* The only writable folders: this one, and the configured volume. */}}
{{- define "volumes" -}}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- with .Values.caSecret }}
- name: ca
  secret: { secretName: {{ . }}, items: [{ key: ca.crt, path: ca.crt }] }
{{- end }}
{{- end }}

{{- define "volumeMounts" -}}
- { name: tmp, mountPath: /tmp }
{{- if .Values.caSecret }}
- { name: ca, mountPath: /etc/switchboard/ca, readOnly: true }
{{- end }}
{{- end }}

{{- define "container.security" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- define "peer" -}}
{{- get .root.Values.network.peers .name | required (printf "network: there is no peer %s" .name) | toYaml -}}
{{- end }}

{{- define "egress" -}}
{{- $root := .root -}}
{{- range .to }}
{{- $peer := include "peer" (dict "root" $root "name" .) | fromYaml }}
- to: {{- toYaml $peer.peers | nindent 4 }}
  ports: {{- required (printf "network: peer %s has no ports to be reached at" .) $peer.ports | toYaml | nindent 4 }}
{{- end }}
{{- end }}

{{- define "ingress" -}}
{{- $root := .root -}}
{{- if .from }}
- from:
    {{- range .from }}
    {{- $peer := include "peer" (dict "root" $root "name" .) | fromYaml }}
    {{- toYaml $peer.peers | nindent 4 }}
    {{- end }}
  ports: [{ port: {{ .port }} }]
{{- end }}
{{- end }}

{{- /* Environment variables that the chart sets; a service's file may override them. */}}
{{- define "env.own" -}}
INTERNAL_HOST: 0.0.0.0
INTERNAL_PORT: '8080'
{{- with .Values.clientPort }}
PORT: {{ . | quote }}
{{- end }}
# The heap follows the memory limit.
NODE_OPTIONS: --disable-warning=ExperimentalWarning --max-old-space-size-percentage=75
OTEL_RESOURCE_ATTRIBUTES: k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(SERVICE_INSTANCE)
{{- if .Values.metrics.serviceMonitor.enabled }}
OTEL_METRICS_EXPORTER: prometheus
{{- end }}
{{- end }}
