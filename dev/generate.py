"""Files that are generated and committed; a test proves them up to date."""

from __future__ import annotations

import yaml

from dev.paths import REPOSITORY
from program_user_info_operator.api.crd import custom_resource_definition

CRD_FILES = (
    REPOSITORY / "crds" / "programuserinfojobs.lern.sunbird.org.yaml",
    REPOSITORY / "charts" / "program-user-info-operator" / "files" / "crd.yaml",
)


def crd_text() -> str:
    """The CRD as YAML."""
    document = custom_resource_definition()
    return yaml.safe_dump(document, sort_keys=False, width=100, allow_unicode=True)


def write_crd() -> None:
    """Write it wherever it is needed."""
    for file in CRD_FILES:
        file.write_text(crd_text(), encoding="utf-8")
