"""How long each call on a window's thread takes, and which function it spends its time in."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

SLOW = 0.010
"""Seconds from which a call keeps its name and what was seen of it."""
LOOK = 0.003
"""Seconds between two looks at the stack of the window's thread."""
FIRST = "first display"
"""Mark of the call that puts a case into the viewer."""
PACKAGE = Path(__file__).resolve().parents[2] / "napari_alnt"
HERE = str(Path(__file__).resolve().parent)


@dataclass
class Call:
    """One event of the window, with all that Qt and napari did because of it.

    Attributes
    ----------
    what : class of its receiver and kind of the event
    stage : what the user was doing
    seconds, worked : how long it took, and how much of that the processor was at work on it
    painting : how much of that the canvas was painted
    marks : what happened in it
    seen : how often each function was found at work: one of napari-alnt, and the innermost
    """

    what: str
    stage: str
    seconds: float = 0.0
    worked: float = 0.0
    painting: float = 0.0
    marks: set[str] = field(default_factory=set)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)


class GuiCalls:
    """Measures the outermost events; one that lets others be served meanwhile ends there.

    Attributes
    ----------
    calls : all that were measured; of quick ones only the length
    stage : what the user is doing now
    ended : is called with every call when it has ended
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.calls: list[Call] = []
        self.stage = ""
        self.ended: Callable[[Call], object] = lambda _: None
        self._clock = clock
        self._depth = 0
        self._call: Call | None = None
        self._began = self._working = 0.0

    @property
    def running(self) -> float:
        """For how many seconds a call has been going on; 0 between calls."""
        return self._clock() - self._began if self._call is not None else 0.0

    def enter(self, what: str) -> None:
        """An event begins, maybe within another one."""
        self._depth += 1
        if self._depth == 1:
            self._begin(what)

    def leave(self) -> None:
        """The newest event ends."""
        self._depth -= 1
        if self._depth == 0:
            self._end()

    def turn(self) -> None:
        """The loop serves events within a call, so nobody has to wait for its end."""
        if self._call is not None:
            what = self._call.what
            self._end()
            self._begin(what)

    def paint(self, seconds: float) -> None:
        """The canvas was painted in the call that goes on."""
        if self._call is not None:
            self._call.painting += seconds

    def mark(self, word: str) -> None:
        """Note what has happened in the call that goes on."""
        if self._call is not None:
            self._call.marks.add(word)

    def look(self, frame: FrameType | None) -> None:
        """Note which functions are at work; called from another thread."""
        call = self._call
        if call is not None and frame is not None:
            call.seen[functions(frame)] += 1

    def _begin(self, what: str) -> None:
        self._call = Call(what, self.stage)
        self._working = time.thread_time()
        self._began = self._clock()

    def _end(self) -> None:
        call, self._call = self._call, None
        if call is None:
            return
        call.seconds = self._clock() - self._began
        call.worked = time.thread_time() - self._working
        self.calls.append(call)
        self.ended(call)


def functions(frame: FrameType) -> tuple[str, str]:
    """The innermost function of napari-alnt on a stack, '' for none, and the innermost of all."""
    own = innermost = ""
    at: FrameType | None = frame
    # below this stands what has started the program
    while at is not None and not at.f_code.co_filename.startswith("<frozen"):
        path = at.f_code.co_filename
        if not path.startswith(HERE):
            name = f"{Path(path).stem}.{at.f_code.co_qualname}"
            innermost = innermost or name
            if PACKAGE in Path(path).parents:
                own = name
                break
        at = at.f_back
    return own, innermost or "Qt"


class Watcher:
    """Looks at the stack of the thread that made it whenever a call there is slow."""

    def __init__(self, calls: GuiCalls) -> None:
        self._calls = calls
        self._thread = threading.get_ident()
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._run, name="gui-calls", daemon=True)

    def __enter__(self) -> Watcher:
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looking.join()

    def _run(self) -> None:
        while not self._over.wait(LOOK):
            if self._calls.running > SLOW / 2:
                self._calls.look(sys._current_frames().get(self._thread))


def timed_application(calls: GuiCalls) -> Any:
    """The Qt application of this process, which measures every event; there may be none yet."""
    from qtpy.QtCore import QAbstractEventDispatcher, QEvent
    from qtpy.QtWidgets import QApplication

    paint, clock = QEvent.Type.Paint, time.perf_counter

    class TimedApplication(QApplication):
        canvas: Any = None  # the widget whose painting is counted apart

        def notify(self, receiver: Any, event: Any) -> bool:
            kind = event.type()
            calls.enter(f"{type(receiver).__name__} {kind.name}")
            began = clock()
            try:
                return bool(super().notify(receiver, event))
            finally:
                if kind == paint and receiver is self.canvas:
                    calls.paint(clock() - began)
                calls.leave()

    app = TimedApplication(["napari"])
    QAbstractEventDispatcher.instance().awake.connect(calls.turn)
    return app


def functions_of(calls: Iterable[Call], least: float = 2 * SLOW) -> list[dict[str, Any]]:
    """What slow calls were found at, as rows of a table, worst first.

    Calls are put together that had the same event, and the same function of napari-alnt at work for
    most of the time.

    Parameters
    ----------
    calls : all that were measured
    least : seconds from which one is slow
    """
    groups: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        if call.seconds >= least:
            groups.setdefault((call.what, _most(call.seen, 0)), []).append(call)
    rows = []
    for (what, own), some in groups.items():
        worst = max(some, key=lambda call: call.seconds)
        rows.append(
            {
                "event": what,
                "function": own,
                "in": _most(worst.seen, 1),
                "calls": len(some),
                "worst ms": round(1000 * worst.seconds, 1),
                "processor ms": round(1000 * worst.worked, 1),
                "painting ms": round(1000 * worst.painting, 1),
                "while": worst.stage,
            }
        )
    return sorted(rows, key=lambda row: -row["worst ms"])


def _most(seen: Counter[tuple[str, str]], place: int) -> str:
    """The function of napari-alnt (0), or the innermost one (1), that was seen most."""
    names: Counter[str] = Counter()
    for pair, count in seen.items():
        names[pair[place]] += count
    return names.most_common(1)[0][0] if names else ""
