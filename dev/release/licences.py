"""Licences of what is installed beside the interpreter that runs this, as JSON by package.

`dev.release.supply_chain` runs it inside of an image, so it needs the standard library only.
"""

from __future__ import annotations

import json
import re
from importlib import metadata


def licence(found: metadata.Distribution) -> str:
    """As the package declares it, by expression, else by classifier, else in words."""
    declared = found.metadata.json
    classifiers = declared.get("classifier", [])
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    words = str(declared.get("license", "")).strip().partition("\n")[0]
    return str(declared.get("license_expression") or ", ".join(named) or words or "not declared")


def licences() -> dict[str, str]:
    """By name, as a lock file spells it."""
    return {
        re.sub(r"[-_.]+", "-", found.name).lower(): licence(found)
        for found in metadata.distributions()
    }


if __name__ == "__main__":
    print(json.dumps(licences()))
