{{- define "rmm-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* At most 40 letters, so that suffixes fit. */}}
{{- define "rmm-exporter.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "rmm-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rmm-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "rmm-exporter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "rmm-exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "rmm-exporter.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}
{{- else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end }}
{{- end }}
{{- end }}

{{- define "rmm-exporter.serviceAccountName" -}}
{{- default (ternary (include "rmm-exporter.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "rmm-exporter.secretName" -}}
{{- default (include "rmm-exporter.fullname" .) .Values.secret.existingSecret }}
{{- end }}

{{/* rmm-exporter.yml, or nothing where the demo or the environment configures. Refuses what would only show in the log of a pod. */}}
{{- define "rmm-exporter.config" -}}
{{- $text := .Values.config }}
{{- if not (kindIs "string" $text) }}{{ $text = toYaml $text }}{{ end }}
{{- $config := fromYaml $text }}
{{- with $config.Error }}{{ fail (printf "config: %s" .) }}{{ end }}
{{- if and $config.accounts (not .Values.demo.enabled) }}
{{- range $config.accounts }}
{{- if or (hasKey . "api_key") (hasKey . "monitoring_token") }}
{{- fail (printf "config.accounts: %v: no keys in a ConfigMap: put it into a Secret and name its file, api_key_file: /run/secrets/rmm-exporter/NAME (monitoring_token_file)" .name) }}
{{- end }}
{{- if and .proxy (contains "@" (toString .proxy)) }}
{{- fail (printf "config.accounts: %v: no password in a ConfigMap: leave proxy away, and give HTTPS_PROXY from a Secret with extraEnvFrom" .name) }}
{{- end }}
{{- range $path := compact (list .api_key_file .monitoring_token_file) }}
{{- $file := trimPrefix "/run/secrets/rmm-exporter/" $path }}
{{- if and (ne $file $path) (not $.Values.secret.existingSecret) (not (hasKey $.Values.secret.keys $file)) }}
{{- fail (printf "config.accounts: %s: no such key: set secret.existingSecret, or secret.keys.%s" $path $file) }}
{{- end }}
{{- end }}
{{- end }}
{{- $text }}
{{- else if not (or .Values.demo.enabled .Values.extraEnv .Values.extraEnvFrom) }}
{{- fail "no accounts: set config.accounts (README.md of the chart shows how), or demo.enabled=true to look around" }}
{{- end }}
{{- end }}

{{/* A probe: its numbers, and the chart's handler unless it has one. Called with (list $ .Values.livenessProbe). */}}
{{- define "rmm-exporter.probe" -}}
{{- $root := index . 0 }}
{{- $probe := index . 1 }}
{{- $own := false }}
{{- range list "httpGet" "exec" "tcpSocket" "grpc" }}{{ if hasKey $probe . }}{{ $own = true }}{{ end }}{{ end }}
{{- if not $own }}
{{- if $root.Values.web.existingSecret }}
tcpSocket:
  port: http
{{- else }}
httpGet:
  path: /-/healthy
  port: http
{{- end }}
{{- end }}
{{ toYaml $probe }}
{{- end }}
