"""What stands in the form of a new project, checked: which field is wrong, and why.

Nothing here is a widget: it is done away from the window, and can be ended meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_alnt.data import CaseFiles, Checked, Project, Source, check_cases, require_new
from napari_alnt.data.intake.create import draw_roles
from napari_alnt.data.intake.preview import counted
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings
from napari_alnt.widgets.start.source_pages import LABELS, ROLES, UNKNOWN, Page, Texts


class WrongField(AlntError):
    """A sentence about fields of the form; it begins with what the first of them is called.

    Attributes
    ----------
    fields : their names
    """

    def __init__(self, fields: Sequence[str], sentence: str) -> None:
        self.fields = tuple(fields)
        title = LABELS.get(self.fields[0], "") if self.fields else ""
        super().__init__(f"{title}: {sentence}" if title else sentence)


class Stopped(AlntError):
    """The reading was ended before it was done, as somebody wished."""

    def __init__(self) -> None:
        super().__init__("Stopped; nothing was made.")


class Reading:
    """Something that is read in another thread; the window looks at it, and can end it.

    Attributes
    ----------
    done, total : how far it is
    newest : what is known so far
    stopped : whether it is to end
    """

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self.newest: Any = None
        self.stopped = False

    def stop(self) -> None:
        """Let it end at the next file."""
        self.stopped = True

    def progress(self, done: int, total: int) -> None:
        """Take down how far it is; raises :class:`Stopped` where it is to end."""
        if self.stopped:
            raise Stopped
        self.done, self.total = done, total


def check_form(
    page: Page,
    texts: Texts,
    counts: Mapping[str, int],
    progress: Callable[[int, int], Any],
    names: Mapping[int, str] | None = None,
) -> Checked:
    """Read the files of what stands in the form; slow, and nothing is written.

    ``names`` are those that the user has given to label values.

    Raises
    ------
    WrongField
        If a field of the form is wrong.
    Stopped
        If ``progress`` says so.
    AlntError
        If the files do not make a project.
    """
    require_project(texts["project"])
    require_different_names(names or {})
    source, cases = find(page, texts)
    progress(0, len(cases))
    require_experts(page, cases, counts)
    ignore_label = unknown_value(source, texts)
    labels = {value: name for value, name in source.labels().items() if value != ignore_label}
    try:
        checked = check_cases(
            cases,
            teacher_training=counts["teacher_training"],
            reference=counts["reference"],
            test=counts["test"],
            labels=labels or None,
            settings=Settings(ignore_label=ignore_label),
            notices=source.notices(),
            progress=progress,
        )
    except Stopped:
        raise
    except AlntError as error:
        raise in_field(page, cases, error) from error
    named = {value: (names or {}).get(value) or name for value, name in checked.names.items()}
    require_different_names(named)
    return replace(checked, names=named)


def make_project(folder: str, checked: Checked) -> Path:
    """Make a project of cases that were checked, and return its folder.

    Raises
    ------
    WrongField
        If it cannot be written there.
    """
    try:
        made = Project.create_checked(Path(folder).expanduser(), checked)
    except AlntError as error:
        raise WrongField(["project"], str(error)) from error
    made.close()  # it is locked while it is open, and the window will open it itself
    return made.folder


# one field after another --------------------------------------------------------------------------


def require_project(text: str) -> None:
    """Refuse a folder in which no project can be made."""
    if not text:
        raise WrongField(["project"], "Name a new folder for the project.")
    try:
        require_new(Path(text).expanduser().absolute())
    except (AlntError, OSError, RuntimeError, ValueError) as error:
        raise WrongField(["project"], str(error)) from error


def find(page: Page, texts: Texts) -> tuple[Source, tuple[CaseFiles, ...]]:
    """The source of what stands in the form, and its cases.

    Raises
    ------
    WrongField
        If it does not find them; it names the field from which on it does not.
    """
    try:
        return _look(page, texts)
    except AlntError as error:
        # with one field more each time: the first that it fails with is the wrong one
        for count, name in enumerate(page.asked, start=1):
            left_out = dict.fromkeys(page.asked[count:], "")
            try:
                _look(page, texts | left_out)
            except AlntError as first:
                raise WrongField([name], str(first)) from first
        raise WrongField([page.asked[-1]], str(error)) from error


def _look(page: Page, texts: Texts) -> tuple[Source, tuple[CaseFiles, ...]]:
    source = page.source(texts)
    cases = source.cases()
    source.labels()
    source.ignore_label()
    return source, cases


def unknown_value(source: Source, texts: Texts) -> int:
    """The value of voxels that nobody has labelled: what is given, what the source says, or 255."""
    if given := texts.get(UNKNOWN):
        return int(given)
    known = source.ignore_label()
    return Settings().ignore_label if known is None else known


def require_experts(page: Page, cases: Sequence[CaseFiles], counts: Mapping[str, int]) -> None:
    """Refuse numbers of expert cases that there are not, before any file is read."""
    there = sum(case.expert is not None for case in cases)
    needed = max(counts["reference"], 1) + max(counts["test"], 1) + counts["teacher_training"]
    have = "no image has" if not there else "1 image has" if there == 1 else f"{there} images have"
    asked = [role for role in ROLES if counts[role]]
    if there < needed and not asked:
        raise WrongField(
            [page.origin["expert"]],
            f"at least two images need an expert mask, one to lead the training and one to be held"
            f" out, but {have} one; give more expert masks.",
        )
    if there < needed:
        roles = ", ".join(f"{counts[role]} {ROLES[role].many}" for role in asked)
        raise WrongField(
            asked,
            f"You ask for {counted(needed, 'expert case')} ({roles}; at least one must lead and one"
            f" be held out), but {have} an expert mask; ask for fewer.",
        )
    try:
        draw_roles(cases, **counts, seed=Settings().seed)
    except AlntError as error:
        fields = asked or [page.origin["expert"]]
        raise WrongField(fields, _in_plain_words(str(error))) from error


def _in_plain_words(text: str) -> str:
    """A sentence with the roles as the form calls them."""
    for role, words in (
        ("teacher_training", "teacher-training"),
        ("reference", "leading"),
        ("test", "held-out"),
    ):
        text = text.replace(f"{role} cases", f"{words} cases")
    return text


def require_different_names(names: Mapping[int, str]) -> None:
    """Refuse label values of which two have one name."""
    seen: dict[str, int] = {}
    for value, name in names.items():
        if name and (other := seen.setdefault(name.lower(), value)) != value:
            raise WrongField(
                ["labels"], f"Labels {other} and {value} are both called '{name}'; rename one."
            )


def in_field(page: Page, cases: Sequence[CaseFiles], error: AlntError) -> AlntError:
    """An error about a file, with the field from which the file came."""
    text = str(error)
    # a sentence that names a mask and its image is about the mask
    for kind in ("expert", "teacher", "image"):
        files = [getattr(case, kind) for case in cases]
        if any(file is not None and f"'{file}'" in text for file in files):
            return WrongField([page.origin[kind]], text)
        if f"the {kind}'s mask" in text:
            return WrongField([page.origin[kind]], text)
    return error
