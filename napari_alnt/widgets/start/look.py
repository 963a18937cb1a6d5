"""What the form of a new project would find, looked at as it is filled in; not a widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from napari_alnt.data.images.thumbnail import Thumbnail, thumbnail
from napari_alnt.data.intake.preview import Preview, previews
from napari_alnt.errors import AlntError
from napari_alnt.widgets.start.form_check import (
    Reading,
    WrongField,
    find,
    in_field,
    require_project,
    unknown_value,
)
from napari_alnt.widgets.start.source_pages import Page, Texts

WIDTH, HEIGHT = 280, 210
"""Most pixels of the first case's picture."""


@dataclass(frozen=True)
class Look:
    """What is known so far of what the form would find.

    Attributes
    ----------
    preview : the cases and their labels; None where there are none
    picture : of the first case; None until it is read
    wrong : a sentence for each field that is wrong
    done : whether all has been read
    """

    preview: Preview | None = None
    picture: Thumbnail | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    done: bool = False


def look(page: Page, texts: Texts, reading: Reading) -> None:
    """Look at what stands in the form; ``reading.newest`` is the newest :class:`Look`."""
    reading.newest = Look()
    if texts["project"]:
        _note(reading, partial(require_project, texts["project"]))
    if not page.is_empty(texts):
        _note(reading, partial(_look, page, texts, reading))
    if not reading.stopped:
        reading.newest = replace(reading.newest, done=True)


def _look(page: Page, texts: Texts, reading: Reading) -> None:
    source, cases = find(page, texts)
    for preview in previews(source, cases, unknown_value(source, texts)):
        if reading.stopped:
            return
        first = reading.newest.preview is None
        reading.newest = replace(reading.newest, preview=preview)
        if first and cases:
            # after the files were counted, and before all masks are read
            _note(reading, partial(_picture, page, preview, reading))


def _picture(page: Page, preview: Preview, reading: Reading) -> None:
    case = preview.cases[0]
    try:
        picture = thumbnail(case, WIDTH, HEIGHT, preview.ignore_label)
    except AlntError as error:
        raise in_field(page, [case], error) from error
    reading.newest = replace(reading.newest, picture=picture)


def _note(reading: Reading, task: Callable[[], object]) -> None:
    """Do something, and note which field is wrong if it fails; "" where that is not known."""
    try:
        task()
    except AlntError as error:
        fields = error.fields if isinstance(error, WrongField) else ("",)
        wrong = dict.fromkeys(fields, str(error))
        reading.newest = replace(reading.newest, wrong={**reading.newest.wrong, **wrong})
