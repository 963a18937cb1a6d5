"""Which cases train, and with which masks: what is accepted, reverted or taught counts from the
next epoch on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from napari_alnt.data import Case, Project
from napari_alnt.engine.dataset import Dataset, MaskKind, Prepared
from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.errors import AlntError
from napari_alnt.events import Event, ExpertsChanged, Warned


@dataclass(frozen=True)
class Member:
    """A case that trains: which label it has, the hash of that mask, and both volumes prepared."""

    label_version: str
    mask_sha256: str
    prepared: Prepared


@dataclass(frozen=True)
class TrainingSet:
    """The cases of one epoch.

    Attributes
    ----------
    experts : the reference cases by name, with their expert masks
    pool : the cases of the pool by name, with their teacher masks
    without_mask : number of cases in the pool that have no teacher mask and are left out
    """

    experts: Mapping[str, Member] = field(default_factory=dict)
    pool: Mapping[str, Member] = field(default_factory=dict)
    without_mask: int = field(default=0, compare=False)

    @classmethod
    def current(
        cls, project: Project, dataset: Dataset, group: TorchProcessGroup, before: TrainingSet
    ) -> TrainingSet:
        """The cases as the project has them now; volumes of ``before`` are used again where they
        can be.

        Raises
        ------
        AlntError
            If no case of the pool has a teacher mask any more.
        """
        # read once an epoch, so that all of its steps have the same cases
        reference, pool = _agreed_cases(project, group)
        if not pool:
            raise AlntError(
                "No case in the pool has a teacher mask any more, so there is nothing left to learn"
                " from; revert an accepted case, or add masks with teach."
            )
        return cls(
            experts=_members(dataset, reference, before.experts, "expert"),
            pool=_members(dataset, pool, before.pool, "teacher"),
            without_mask=sum(not case.teacher for case in project.by_role("pool")),
        )

    def changes(self, before: TrainingSet, epoch: int) -> Iterator[Event]:
        """What the user should know of the change from ``before``, a set without cases at first."""
        changed = tuple(
            name
            for name, member in self.experts.items()
            if name not in before.experts
            or before.experts[name].label_version != member.label_version
        )
        if changed and before.experts:
            yield ExpertsChanged(epoch, changed)
        if self.without_mask and not before.pool:
            yield Warned(
                f"{self.without_mask} cases in the pool have no teacher mask and are left out; run"
                " teach to make them."
            )

    @property
    def roles(self) -> dict[str, tuple[str, str]]:
        """Role and label version of each case."""
        roles = {name: ("reference", member.label_version) for name, member in self.experts.items()}
        return roles | dict.fromkeys(self.pool, ("pool", "teacher"))

    @property
    def pool_masks(self) -> dict[str, str]:
        """The hash of each pool case's mask."""
        return {name: member.mask_sha256 for name, member in self.pool.items()}


def prepared(members: Mapping[str, Member]) -> list[Prepared]:
    """The volumes of some members, in their order."""
    return [member.prepared for member in members.values()]


def _agreed_cases(
    project: Project, group: TorchProcessGroup
) -> tuple[tuple[Case, ...], list[Case]]:
    """The reference cases and the pool.

    Processes that train together read the project one after another, while its window may write to
    it; so they read until all have seen the same.
    """
    while True:
        reference = project.by_role("reference")
        pool = [case for case in project.by_role("pool") if case.teacher]
        seen = [[case.name, case.label_version, case.label_sha256] for case in (*reference, *pool)]
        # by hash, as a teacher's mask may be exchanged without a new version
        everybody = group.collect(seen)
        if all(other == everybody[0] for other in everybody):
            return reference, pool
        time.sleep(0.05)


def _members(
    dataset: Dataset, cases: Sequence[Case], before: Mapping[str, Member], kind: MaskKind
) -> dict[str, Member]:
    """The cases with their volumes; a volume is read again only where the mask is another.

    A file that is not as the project knows it is found out here, also between two epochs.
    """
    members = {}
    for case in cases:
        known = before.get(case.name)
        same = known is not None and known.mask_sha256 == case.label_sha256
        if known and same:
            dataset.require_unchanged(case, "image", kind)
            volumes = known.prepared
        else:
            volumes = dataset.expert(case) if kind == "expert" else dataset.pseudo(case)
        members[case.name] = Member(case.label_version, case.label_sha256, volumes)
    return members
