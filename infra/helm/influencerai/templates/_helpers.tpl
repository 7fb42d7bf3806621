{{- define "studio.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "studio.image" -}}
{{- $repository := required "image.repository: where your image is pushed to (docs/deploy.md)" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Takes (dict "root" $ "component" name). */}}
{{- define "studio.selector" -}}
app.kubernetes.io/name: influencerai
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "studio.labels" -}}
{{ include "studio.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: influencerai
{{- end -}}

{{- define "studio.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "studio.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Takes (dict "root" $ "keys" list "optional" list): each from the Secret, so that a pod has no more of it than it needs. */}}
{{- define "studio.secretEnv" -}}
{{- $secret := .root.Values.secret.name -}}
{{- range .keys }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ . }}}}
{{- end }}
{{- range .optional }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ . }}, optional: true}}
{{- end }}
{{- end -}}

{{- define "studio.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Takes (dict "root" $ "component" name). */}}
{{- define "studio.spread" -}}
{{- if .root.Values.spread }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "studio.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Takes (dict "root" $ "tmpSize" size). */}}
{{- define "studio.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: {{ .tmpSize }}}
- name: data
  emptyDir: {sizeLimit: 1Gi}
{{- if .root.Values.sharedFolder.existingClaim }}
- name: shared
  persistentVolumeClaim: {claimName: {{ .root.Values.sharedFolder.existingClaim }}}
{{- end }}
{{- end -}}

{{- define "studio.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: data, mountPath: /data}
{{- if .Values.sharedFolder.existingClaim }}
- {name: shared, mountPath: /data/shared}
{{- end }}
{{- end -}}

{{- define "studio.s3Endpoint" -}}
{{- if and .Values.trial.enabled (not .Values.s3.endpoint) -}}
http://{{ include "studio.name" . }}-seaweedfs:8333
{{- else -}}
{{ required "s3.endpoint: the URL of your S3, or trial.enabled" .Values.s3.endpoint }}
{{- end -}}
{{- end -}}
