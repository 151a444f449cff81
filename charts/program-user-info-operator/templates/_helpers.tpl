{{- define "operator.name" -}}
{{ printf "%s-operator" .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "operator.profiles" -}}
{{ printf "%s-environments" .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "operator.selector" -}}
app.kubernetes.io/name: program-user-info-operator
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "operator.labels" -}}
{{ include "operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: program-user-info
{{- end }}

{{- /* (list image tag): the image with its own tag, else this one, and the digest that pins it. */ -}}
{{- define "operator.image" -}}
{{- $image := index . 0 -}}
{{ $image.repository }}:{{ $image.tag | default (index . 1) }}{{ with $image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- /* LINE=IMAGE for each bundled job. */ -}}
{{- define "operator.jobs" -}}
{{- $jobs := list -}}
{{- range $line, $image := .Values.job.images -}}
{{- $tag := printf "%s-flink%s" $.Chart.AppVersion ($line | trimPrefix "v" | replace "_" ".") -}}
{{- $jobs = append $jobs (printf "%s=%s" $line (include "operator.image" (list $image $tag))) -}}
{{- end -}}
{{ join " " $jobs }}
{{- end }}

{{- /* What the controller may do with namespaced objects. */ -}}
{{- define "operator.rules" -}}
- apiGroups: [lern.sunbird.org]
  resources: [programuserinfojobs]
  verbs: [list, watch]
- apiGroups: [lern.sunbird.org]
  resources: [programuserinfojobs/status]
  verbs: [patch]
# To own children whose deletion blocks the job's, where the cluster enforces that permission.
- apiGroups: [lern.sunbird.org]
  resources: [programuserinfojobs/finalizers]
  verbs: [update]
- apiGroups: [flink.apache.org]
  resources: [flinkdeployments]
  verbs: [get, list, watch, create, patch, delete]
# Savepoints, where the Flink operator makes resources of them.
- apiGroups: [flink.apache.org]
  resources: [flinkstatesnapshots]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
# Why a job does not run: its pods' states and the end of its JobManager's log.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
# Flink's own REST interface, for the last checkpoint.
- apiGroups: [""]
  resources: [services/proxy]
  verbs: [get]
# Whether another installation that keeps a job is alive.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get]
# By name only, never listed or watched: a digest of their values, which are mounted by the pods.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
  {{- with .Values.secrets.allowed }}
  resourceNames: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
