"""CPU and memory of the pods, in the field that the installed CRD has.

Flink operators up to 1.15 take `resource`, Flink's own notion; later ones deprecate it for
`resources`, Kubernetes' requests and limits. As long as a CRD has `resource`, that is what is
rendered: one form for all, and an upgrade of the Flink operator restarts nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]
_COMPONENTS = ("jobManager", "taskManager")


def fitted_to_crd(spec: Mapping[str, Any], *, has_resource: bool) -> Object:
    """The same `spec` of a FlinkDeployment for a CRD that has `resource`, or only `resources`."""
    if has_resource:
        return dict(spec)
    return dict(spec) | {name: _with_resources(spec[name]) for name in _COMPONENTS}


def _with_resources(component: Object) -> Object:
    """No limit of CPU: a limit here would override `kubernetes.*.cpu.limit-factor`."""
    kept = {name: value for name, value in component.items() if name != "resource"}
    resource = component["resource"]
    # Flink's m is a mebibyte; that of Kubernetes would be a thousandth of a byte.
    memory = f"{str(resource['memory']).removesuffix('m')}Mi"
    requests = {"cpu": str(resource["cpu"]), "memory": memory}
    return kept | {"resources": {"requests": requests, "limits": {"memory": memory}}}
