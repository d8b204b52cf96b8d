{{- define "cds.fullname" -}}
{{- if contains "cds-service" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-cds-service" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "cds.selector" -}}
app.kubernetes.io/name: cds-service
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "cds.labels" -}}
{{ include "cds.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end -}}

{{- define "cds.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* The ConfigMap with the clients, or nothing. */}}
{{- define "cds.clients" -}}
{{- if .Values.clients.existingConfigMap -}}
{{ .Values.clients.existingConfigMap }}
{{- else if .Values.clients.file -}}
{{ include "cds.fullname" . }}-clients
{{- end -}}
{{- end -}}

{{- define "cds.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "cds.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* The settings that the service and the migration share. */}}
{{- define "cds.database" -}}
- name: CDS_DATABASE_URL
  valueFrom:
    secretKeyRef: {name: {{ .Values.existingSecret | quote }}, key: database-url}
- name: CDS_HASH_KEY
  valueFrom:
    secretKeyRef: {name: {{ .Values.existingSecret | quote }}, key: hash-key}
{{- end -}}
