{{- define "temper.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Prefix of every name: the release's name, with the chart's behind it if it does not hold it already. */}}
{{- define "temper.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{- $name := include "temper.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "temper.controllerName" -}}{{ include "temper.fullname" . }}-controller{{- end }}
{{- define "temper.natsName" -}}{{ include "temper.fullname" . }}-nats{{- end }}
{{- define "temper.workerCloneRole" -}}{{ include "temper.fullname" . }}-worker-clone{{- end }}
{{- define "temper.kubeletCa" -}}temper-kubelet-ca{{- end }}
{{- define "temper.otelCa" -}}{{ include "temper.fullname" . }}-otel-ca{{- end }}

{{/* Labels of every object. Call with (dict "root" $ "component" "controller"). */}}
{{- define "temper.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "temper.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: temper
{{- end }}

{{/* The labels among them that never change. */}}
{{- define "temper.selector" -}}
app.kubernetes.io/name: {{ include "temper.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Full name of an image. Call with (dict "root" $ "image" .Values.controller.image). */}}
{{- define "temper.image" -}}
{{- $repository := .image.repository -}}
{{- $first := splitList "/" $repository | first -}}
{{- $named := and (contains "/" $repository) (or (contains "." $first) (contains ":" $first) (eq $first "localhost")) -}}
{{- if and .root.Values.images.registry (not $named) -}}
{{- $repository = printf "%s/%s" .root.Values.images.registry $repository -}}
{{- end -}}
{{- printf "%s:%s" $repository (coalesce .image.tag .root.Values.images.tag .root.Chart.AppVersion) -}}
{{- end }}

{{/* Resource attributes as OpenTelemetry's variable has them. */}}
{{- define "temper.otelAttributes" -}}
{{- $pairs := list -}}
{{- range $key, $value := .Values.otel.resourceAttributes -}}{{ $pairs = append $pairs (printf "%s=%s" $key $value) }}{{- end -}}
{{- join "," $pairs -}}
{{- end }}

{{- define "temper.pullPolicy" -}}{{ .image.pullPolicy | default .root.Values.images.pullPolicy }}{{- end }}

{{/* What Pod Security `restricted` asks for, and a read-only root. */}}
{{- define "temper.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}
{{- define "temper.containerSecurityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end }}

{{- define "temper.natsUrl" -}}
{{- if .Values.nats.enabled -}}
nats://{{ include "temper.natsName" . }}.{{ .Release.Namespace }}.svc:4222
{{- else -}}
{{ .Values.nats.url }}
{{- end -}}
{{- end }}
{{- define "temper.controllerSecret" -}}{{ .Values.nats.existingSecret | default (printf "%s-controller" (include "temper.natsName" .)) }}{{- end }}
{{- define "temper.workerSecret" -}}{{ .Values.nats.workerExistingSecret | default (printf "%s-worker" (include "temper.natsName" .)) }}{{- end }}

{{/*
A password of NATS: the one from the values, else the one that the cluster has, else a random one.
All templates of one rendering must see the same, and only .Values is shared between them: it is kept there.
Call with (dict "root" $ "user" "controller" "namespace" … "secret" …).
*/}}
{{- define "temper.password" -}}
{{- $passwords := .root.Values.nats.passwords -}}
{{- if not (get $passwords .user) -}}
{{- $secret := lookup "v1" "Secret" .namespace .secret -}}
{{- $known := dig "data" "password" "" ($secret | default dict) | b64dec -}}
{{- $_ := set $passwords .user (coalesce $known (randAlphaNum 32)) -}}
{{- end -}}
{{- get $passwords .user -}}
{{- end }}
{{- define "temper.controllerPassword" -}}
{{- include "temper.password" (dict "root" . "user" "controller" "namespace" .Release.Namespace "secret" (include "temper.controllerSecret" .)) -}}
{{- end }}
{{- define "temper.workerPassword" -}}
{{- include "temper.password" (dict "root" . "user" "worker" "namespace" .Values.runs.namespace "secret" (include "temper.workerSecret" .)) -}}
{{- end }}
{{- define "temper.readerSecret" -}}{{ include "temper.natsName" . }}-reader{{- end }}
{{- define "temper.readerPassword" -}}
{{- include "temper.password" (dict "root" . "user" "reader" "namespace" .Release.Namespace "secret" (include "temper.readerSecret" .)) -}}
{{- end }}

{{/*
Whether recordings lie on a PersistentVolume: "true" or nothing. A StatefulSet's claim templates cannot be changed, so
what was chosen at first holds.
*/}}
{{- define "temper.persistent" -}}
{{- $wanted := .Values.nats.storage.persistence -}}
{{- $old := lookup "apps/v1" "StatefulSet" .Release.Namespace (include "temper.natsName" .) -}}
{{- if $old -}}
{{- $has := not (empty (dig "spec" "volumeClaimTemplates" list $old)) -}}
{{- if or (and (eq $wanted "Enabled") (not $has)) (and (eq $wanted "Disabled") $has) -}}
{{- fail (printf "nats.storage.persistence cannot become %s on an installed release: delete the StatefulSet first, with no check running: kubectl delete statefulset -n %s %s" $wanted .Release.Namespace (include "temper.natsName" .)) -}}
{{- end -}}
{{- if $has }}true{{ end -}}
{{- else if eq $wanted "Enabled" -}}
true
{{- else if eq $wanted "Auto" -}}
{{- $default := false -}}
{{- range (lookup "storage.k8s.io/v1" "StorageClass" "" "").items -}}
{{- if eq (dig "metadata" "annotations" "storageclass.kubernetes.io/is-default-class" "" .) "true" }}{{ $default = true }}{{ end -}}
{{- end -}}
{{- if or $default .Values.nats.storage.storageClassName }}true{{ end -}}
{{- end -}}
{{- end }}
