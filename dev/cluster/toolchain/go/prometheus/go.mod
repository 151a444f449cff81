// The Prometheus operator's CRDs, from its source: the chart's monitors and alerts are judged by them.
module program-user-info/dev/prometheus

go 1.24.0

require github.com/prometheus-operator/prometheus-operator v0.86.1
