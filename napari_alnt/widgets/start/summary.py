"""What a new project will be, in one question and a few warnings; nothing here is a widget."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from napari_alnt.data import Checked
from napari_alnt.data.intake.preview import counted
from napari_alnt.widgets.start.source_pages import ROLES

SHOWN = 12
"""Labels that are named in the question; of more only the number is."""


@dataclass(frozen=True)
class Summary:
    """What is asked before a project is made.

    Attributes
    ----------
    question : what the project will hold, and whether to make it
    warnings : what is most likely not meant, a sentence each
    """

    question: str
    warnings: tuple[str, ...]


def summarise(checked: Checked) -> Summary:
    """What a project of these cases will be."""
    roles: Counter[str] = Counter(checked.roles[case.name] for case in checked.cases)
    parts = [f"{counted(roles['pool'], 'case')} to correct", _experts(roles), _labels(checked)]
    question = ", ".join(parts)
    if checked.notices:
        question += f"; {counted(len(checked.notices), 'notice')}"
    warnings = (_same_masks(checked), _pool(checked, roles))
    return Summary(f"{question}. Make it?", tuple(text for text in warnings if text))


def _experts(roles: Counter[str]) -> str:
    parts = [
        f"{roles[role]} {words.one if roles[role] == 1 else words.many}"
        for role, words in ROLES.items()
        if roles[role]
    ]
    count = sum(roles[role] for role in ROLES)
    return f"{counted(count, 'expert case')} ({', '.join(parts)})"


def _labels(checked: Checked) -> str:
    named = [
        name if name == f"label {value}" else f"{name} = {value}"
        for value, name in checked.names.items()
    ]
    if len(named) > SHOWN:
        named = [*named[:SHOWN], f"… ({len(named)} labels)"]
    ignored = checked.settings.ignore_label
    masks = [mask for found in checked.inspected for mask in found.masks.values()]
    if any(ignored in mask.counts for mask in masks):
        named.append(f"unknown = {ignored}")
    return ", ".join(named)


def _same_masks(checked: Checked) -> str:
    """Whether the teacher's masks were given as the experts'."""
    both = [found for found in checked.inspected if found.expert_sha256 and found.teacher_sha256]
    same = sum(found.expert_sha256 == found.teacher_sha256 for found in both)
    # an expert may agree with the teacher now and then
    if 2 * same <= len(both):
        return ""
    return (
        f"{same} of {counted(len(both), 'expert mask')} hold just what the teacher mask of the case"
        " holds; go back if no person has made or checked them."
    )


def _pool(checked: Checked, roles: Counter[str]) -> str:
    """Whether there is something to correct, and something to learn from."""
    if not roles["pool"]:
        return (
            "There is nothing to correct, as every image has an expert mask; go back if these are"
            " not all made by experts."
        )
    if any(checked.roles[case.name] == "pool" and case.teacher for case in checked.cases):
        return ""
    if roles["teacher_training"]:
        return (
            "No case to correct has a teacher mask yet; the training will begin with a teacher that"
            f" learns from {counted(roles['teacher_training'], 'expert case')}."
        )
    return (
        "No case to correct has a teacher mask, so nothing can be trained yet; go back and give"
        " teacher masks, or let some expert cases train a teacher."
    )
