"""What the buttons of the open case do in the window, and which of them can be used."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_alnt.data.version_history import read_version
from napari_alnt.widgets.actions import ACTIONS, Action
from napari_alnt.widgets.case import decisions
from napari_alnt.widgets.case.refusals import Situation, refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_alnt.data import Array, LabelVersion
    from napari_alnt.errors import AlntError
    from napari_alnt.session import Session
    from napari_alnt.widgets.loop import Loop


def act(loop: Loop, action: Action) -> None:
    """Do what a button or key says, or say why it cannot be done."""
    now = situation(loop)
    why = refused(now).get(action.id, "")
    if not why:
        action.run(loop)
    # the bar says by itself that nothing is open, or what is being done
    elif now.case and not now.busy:
        loop.case_bar.say(why, "warn")


def situation(loop: Loop) -> Situation:
    """What the buttons depend on, as it is now."""
    opened = loop.layers.opened
    writable = loop.session.project.writable
    decided = len(loop.correction.decider.made)
    if opened is None:
        return Situation(writable=writable, decided=decided)
    # the case may have been decided on since it was opened
    rows = loop._by_priority
    status = next((row.status for row in rows if row.case == opened.case.name), opened.case.status)
    busy = loop.correction.deciding
    return Situation.of(opened.case, writable=writable, busy=busy, decided=decided, status=status)


def refused(now: Situation) -> dict[str, str]:
    """Why actions cannot be done now, by their ids."""
    writing = frozenset(name for name, action in ACTIONS.items() if action.needs_write)
    return refusals(now, writing)


def show_state(loop: Loop) -> None:
    """Show which case is open, what is being done to it, and what can be."""
    opened = loop.layers.opened
    bar = loop.case_bar
    if opened is None:
        bar.set_open("", "")
        return
    now = situation(loop)
    words = now.busy or f"from {opened.origin}"
    if now.case in loop.flags and not now.has_expert:
        words += " · flagged"
    writable = now.writable and not now.busy and not opened.is_fixed
    bar.set_open(now.case, words, writable, refused(now))
    bar.note.show_note(loop.flags.get(now.case, ""))


def show_flags(loop: Loop, flags: Mapping[str, str]) -> None:
    """Show which cases are flagged, by their notes."""
    loop.flags = flags
    loop.queue.show_flags(flags)
    show_state(loop)


def undo_decision(loop: Loop) -> None:
    """Take the last decision back, and open its case."""
    loop.correction.decider.undo(partial(_show_again, loop))


def _show_again(loop: Loop, case: str) -> None:
    loop.redraw.draw()
    loop.queue.select(case)
    loop.case_bar.set_open(case, "opening …", False)
    loop.correction.open(case)


def write_note(loop: Loop, text: str) -> None:
    """Flag the open case with a note."""
    decide = partial(decisions.note, text=text)
    loop.correction.decider.begin(decide, "keeping the note …", keeps=False)


def show_versions(loop: Loop) -> None:
    """Read the versions of the open case, and list them in a menu below the button."""
    case = loop.correction.case
    if not case or loop.correction.loading:
        return

    def show(found: tuple[tuple[LabelVersion, ...], int]) -> None:
        if loop.correction.case != case:
            return
        menu, below = loop.case_bar.versions, loop.case_bar.buttons["versions"]
        why = refused(situation(loop)).get("accept", "")
        menu.fill(*found, shown=loop.compared.shown, refused=why)
        menu.popup(below.mapToGlobal(below.rect().bottomLeft()))

    loop.correction.files.run(
        _read_versions, loop.session, case, done=show, failed=partial(_complain, loop)
    )


def _read_versions(session: Session, case: str) -> tuple[tuple[LabelVersion, ...], int]:
    """The versions of a case, oldest first, and the number of the one in use."""
    project = session.project
    return project.labels.versions(case), project.case(case).version


def take_up(loop: Loop, number: int) -> None:
    """Accept a version of the open case again, and show it."""
    decide = partial(decisions.take_up, number=number)
    show = partial(_show_again, loop, loop.correction.case)
    loop.correction.decider.begin(decide, "accepting an earlier version …", show)


def compare(loop: Loop, number: int) -> None:
    """Show a version of the open case as outlines, or no longer."""
    if number in loop.compared.shown:
        loop.compared.hide(number)
        return
    opened = loop.layers.opened
    if opened is None:
        return

    def show(mask: Array) -> None:
        if loop.layers.opened is opened:
            loop.compared.show(number, mask)

    loop.correction.files.run(
        read_version, loop.session.project, opened.case.name, number,
        done=show, failed=partial(_complain, loop),
    )  # fmt: skip


def _complain(loop: Loop, error: AlntError) -> None:
    loop.case_bar.say(str(error), "error")
