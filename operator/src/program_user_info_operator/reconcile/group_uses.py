"""Who uses which group: the rivals of a job are found without a look at every other job.

Most jobs of an environment have one group, because that is the default, and one table. They are
kept together, and compared with another job at once.
"""

from __future__ import annotations

from program_user_info_operator.policy.shared_group import Flow, GroupUse
from program_user_info_operator.reconcile.installation import Key


class GroupUses:
    """What each job uses. Its owner sees to it that only one thread at a time is here."""

    def __init__(self) -> None:
        self._uses: dict[Key, GroupUse] = {}
        self._alike: dict[str, dict[Flow, dict[Key, GroupUse]]] = {}

    def put(self, key: Key, use: GroupUse | None) -> list[Key]:
        """Keep what a job uses; the other jobs whose decision may be another one now."""
        if use == self._uses.get(key):
            return []
        concerned = self.remove(key)
        if use is None:
            return concerned
        concerned += self.rivals(use)
        self._uses[key] = use
        self._alike.setdefault(use.group, {}).setdefault(use.flow, {})[key] = use
        return concerned

    def remove(self, key: Key) -> list[Key]:
        """The job uses nothing any more; all jobs of its group, any of which may ask for its place.

        What they ask for is in their specs, and no use yet.
        """
        use = self._uses.pop(key, None)
        if use is None:
            return []
        flows = self._alike[use.group]
        del flows[use.flow][key]
        if not flows[use.flow]:
            del flows[use.flow]
        if not flows:
            del self._alike[use.group]
        return [each for users in flows.values() for each in users]

    def rivals(self, use: GroupUse) -> dict[Key, GroupUse]:
        """The jobs that this use takes something from, or that take something from it."""
        found: dict[Key, GroupUse] = {}
        for users in self._alike.get(use.group, {}).values():
            if use.competes_with(next(iter(users.values()))):
                found |= users
        return found
