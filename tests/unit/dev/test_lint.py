"""What kube-score says, against what the documentation explains."""

from __future__ import annotations

import pytest

from dev.release import lint
from dev.steps import StepFailed

SAID = """[OK] operator/ns apps/v1/Deployment
[CRITICAL] operator/ns apps/v1/Deployment: (operator) CPU limit is not set
[CRITICAL] test/ns v1/Pod: The pod does not have a matching NetworkPolicy
[WARNING] operator/ns apps/v1/Deployment: Deployment few replicas
"""
PAGE = """
| kube-score's critical finding | why |
| --- | --- |
| `CPU limit is not set` | a reason |
| `Something else` | another |

| `Not in the table` | at all |
"""


def test_critical_findings_are_told_from_others() -> None:
    assert list(lint.critical(SAID)) == [
        ("operator/ns apps/v1/Deployment", "CPU limit is not set"),
        ("test/ns v1/Pod", "The pod does not have a matching NetworkPolicy"),
    ]


def test_a_finding_without_an_explanation_and_one_without_a_finding_are_told() -> None:
    known = lint.explained(PAGE)
    assert known == {"CPU limit is not set", "Something else"}
    with pytest.raises(StepFailed) as raised:
        lint.compare(list(lint.critical(SAID)), known)
    assert str(raised.value).splitlines()[1:] == [
        "new: test/ns v1/Pod: The pod does not have a matching NetworkPolicy",
        "gone: Something else",
    ]
