"""Whether a new version of an object can lead to another decision than the previous version.

The Flink operator writes every FlinkDeployment's status at each of its checks: time stamps of its
health check, counts of checkpoints, update times. Nothing here decides on those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.json_text import write_json
from program_user_info_operator.observed.flink_deployment import observe

Object = Mapping[str, Any]

_OF_THE_STORAGE = ("resourceVersion", "managedFields")


def fingerprint(live: Object) -> bytes:
    """Equal for two versions of an object if every decision takes them for the same.

    A FlinkDeployment's status counts as `observe` reads it, so that a field which a decision reads
    one day counts from then on. Of annotations, which anybody may write at any time, ours count.
    """
    document = {key: part for key, part in live.items() if key != "status"}
    document["metadata"] = _metadata(live["metadata"])
    is_deployment = live.get("kind") == names.FLINK_KIND
    document["status"] = _seen(live) if is_deployment else live.get("status")
    return hashlib.blake2b(write_json(document), digest_size=16).digest()


def is_news(old: Object | None, new: Object | None) -> bool:
    """Whether a decision may depend on the difference; None: there is no such object."""
    if old is None or new is None:
        return old is not new
    return fingerprint(old) != fingerprint(new)


def _metadata(metadata: Object) -> dict[str, Any]:
    annotations = metadata.get("annotations") or {}
    own = {key: text for key, text in annotations.items() if key.startswith(names.GROUP)}
    kept = {key: part for key, part in metadata.items() if key not in _OF_THE_STORAGE}
    return kept | {"annotations": own}


def _seen(live: Object) -> dict[str, Any]:
    seen = vars(observe(live))
    return seen | {"config_maps": sorted(seen["config_maps"])}
