"""Every change of a mask goes to the disk at once, from a thread of its own."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from napari_alnt.data.atomic import Appender, make_folder, try_disk, write_bytes, write_error
from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.strokes.journal import OPEN, WRITING, Resumed
from napari_alnt.data.strokes.journal_file import MAGIC, Kind, scan
from napari_alnt.data.strokes.journal_mirror import Change, Mirror
from napari_alnt.errors import AlntError

RETRY = 1.0
"""Seconds between two attempts to write, where the disk refuses."""
EVERY = 0.01
"""Seconds between two looks of the thread for what was handed over."""
PAUSE = 0.05
"""Seconds until a mask that is being painted on is compared again."""


class Journal:
    """The journal of one open case.

    What is handed over is only put into a queue, so that the window's thread never waits; a thread
    makes the same changes in a copy of the mask, and appends them to the file.

    Parameters
    ----------
    found : where the case goes on
    look : the mask as it is now (Z, Y, X), and whether it is not being changed; called from the
        thread
    tell : called from the thread with an error, and with None when the disk takes all again
    written : called from the thread with the count up to which changes are on the disk
    """

    def __init__(
        self,
        found: Resumed,
        look: Callable[[], tuple[Array, bool]],
        tell: Callable[[AlntError | None], object],
        written: Callable[[int], object] | None = None,
    ) -> None:
        self.count = 0
        self._items = _Items()
        writer = _Writer(
            found, self._items, lambda: (self.count, *look()), tell, written or (lambda _: None)
        )
        self._path = found.path
        self._thread = threading.Thread(
            target=self._run, args=(writer,), name="alnt-journal", daemon=True
        )
        self._before = OPEN.get(found.path)
        OPEN[found.path] = self
        self._thread.start()

    def _run(self, writer: _Writer) -> None:
        try:
            # the same case may have been open until now
            if self._before is not None:
                self._before.flush()
            self._before = None
            writer.run()
        finally:
            if OPEN.get(self._path) is self:
                del OPEN[self._path]

    def append(self, kind: Kind, changes: Sequence[Change], seconds: float = 0.0) -> int:
        """Hand over what has just been changed, in order; returns how many were handed over."""
        self.count += 1
        self._items.put(_Item(changes, kind, self.count, time.time(), seconds))
        return self.count

    def compare(self) -> None:
        """Have the whole mask compared, and the difference kept, as of a change that nobody told.

        This is tried until nothing was changed meanwhile.
        """
        self._items.put(_Item(_COMPARE))
        self._items.soon.set()

    def settled(self, version: int) -> None:
        """Go on from a mask that has just been accepted as a version."""
        self._items.put(_Item(version))

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was handed over is on the disk; whether it is."""
        done = _Flush()
        self._items.put(_Item(done))
        self._items.soon.set()
        until = time.monotonic() + timeout
        while self._thread.is_alive() and time.monotonic() < until:
            if done.event.wait(0.1):
                break
        return done.written

    def end(self) -> None:
        """Let the thread write what is left and end; this does not wait for it."""
        self._items.put(_Item(_END))
        self._items.soon.set()

    def close(self, timeout: float = 10.0) -> bool:
        """End the thread and wait for it; whether all is on the disk."""
        done = self.flush(timeout)
        self.end()
        self._thread.join(timeout)
        return done


_COMPARE, _END = "compare", "end"


class _Flush:
    def __init__(self) -> None:
        self.event = threading.Event()
        self.written = False


@dataclass(frozen=True, eq=False)
class _Item:
    """Changes, the number of a version, a flush, or what is asked for."""

    what: Any
    kind: Kind = Kind.TOOL
    count: int = 0
    time: float = 0.0
    seconds: float = 0.0


class _Items:
    """What is handed over to the thread, which looks for it: waking it would keep the window.

    Where processors are few, the one that wakes a thread may have to wait until that has run.
    """

    def __init__(self) -> None:
        self._items: deque[_Item] = deque()
        self.soon = threading.Event()
        self.put = self._items.append

    def take(self, wait: float | None) -> list[_Item]:
        """All that was handed over, after ``wait`` seconds also nothing."""
        until = None if wait is None else time.monotonic() + wait
        while not self._items and (until is None or time.monotonic() < until):
            if self.soon.wait(EVERY):
                self.soon.clear()
        items = []
        while self._items:
            items.append(self._items.popleft())
        return items


class _Writer:
    """The thread's side."""

    def __init__(
        self,
        found: Resumed,
        items: _Items,
        look: Callable[[], tuple[int, Array, bool]],
        tell: Callable[[AlntError | None], object],
        written: Callable[[int], object],
    ) -> None:
        self._path = found.path
        self._items = items
        self._look = look
        self._tell = tell
        self._written = written
        self._mirror = Mirror(found)
        self._file = _File(found, self._mirror)
        self._unwritten: list[bytes] = []
        self._flushes: list[_Flush] = []
        self._count = 0  # of changes that the mirror has
        self._seconds = found.seconds
        self._compares = False  # whether a comparison is due
        self._refused = False  # whether the disk did
        self._goes_on = True

    def run(self) -> None:
        """Until the end is asked for."""
        # the base is ready then, and the first stroke need not wait for it
        self._guard(self._try, self._file.prepare)
        while self._goes_on:
            for item in self._next():
                self._guard(self._take, item)
            if self._compares:
                self._guard(self._compare)
            self._guard(self._write)
            for flush in self._flushes:
                flush.written = not self._unwritten
                flush.event.set()
            self._flushes.clear()
        self._file.close()

    def _next(self) -> list[_Item]:
        """All that waits, at least one unless there is something else to do meanwhile."""
        wait = PAUSE if self._compares else RETRY if self._unwritten else None
        return self._items.take(wait)

    def _guard(self, function: Callable[..., object], *arguments: Any) -> None:
        """What is unforeseen must neither end the thread nor stay unsaid."""
        try:
            function(*arguments)
        except AlntError as error:
            self._tell(error)
        except Exception as error:  # noqa: BLE001 - nobody above this thread would see it
            self._tell(
                AlntError(
                    "The last stroke may not be kept for after a crash"
                    f" ({type(error).__name__}: {error}); accept the mask or close the case soon,"
                    " and please report it."
                )
            )

    def _take(self, item: _Item) -> None:
        if item.what is _END:
            self._goes_on = False
        elif item.what is _COMPARE:
            self._compares = True
        elif isinstance(item.what, _Flush):
            self._flushes.append(item.what)
        elif isinstance(item.what, int):
            self._mirror.settle(item.what)
        else:
            self._count, self._seconds = item.count, item.seconds
            try:
                self._keep(item.kind, self._mirror.change(item.what), item.time)
            except (IndexError, OverflowError, TypeError, ValueError):
                self._compares = True  # changes of a kind that is not known

    def _keep(self, kind: Kind, changed: tuple[bytes, int], when: float) -> None:
        if changed[1]:
            record = self._mirror.record(kind, changed, when, self._seconds)
            self._unwritten.append(record.encode())

    def _compare(self) -> None:
        """Take over what differs, unless the mask is changed meanwhile."""
        self._compares = False
        count, mask, is_quiet = self._look()
        is_still = is_quiet and count == self._count
        planes = self._mirror.differing(mask) if is_still else {}
        count, again, is_quiet = self._look()
        if is_still and is_quiet and count == self._count and again is mask:
            self._keep(Kind.TOOL, self._mirror.replace(planes), time.time())
        else:
            self._compares = True

    def _write(self) -> None:
        if self._unwritten:
            if not self._try(self._file.append, self._unwritten):
                return
            if self._refused:
                self._tell(None)
            self._refused = False
        self._unwritten = []
        self._written(self._count)

    def _try(self, write: Callable[..., None], *arguments: Any) -> bool:
        """Whether the disk takes it; that it does not is said once."""
        try:
            write(*arguments)
        except (AlntError, OSError) as error:
            if isinstance(error, OSError):
                error = write_error(self._path, error)
            if not self._refused:
                self._tell(error)
            self._refused = True
            return False
        return True


class _File:
    """The file; where there is none, it is begun when the first change is written."""

    def __init__(self, found: Resumed, mirror: Mirror) -> None:
        self._path = found.path
        self._end = found.end
        self._state = found.state
        self._damaged = found.damaged
        self._anew = False  # whether to begin again with the mask as it is
        self._mirror = mirror
        self._first = [record.encode() for record in found.first]
        self._appender: Appender | None = None

    def prepare(self) -> None:
        """Have a base ready, and know that the disk takes it, before the mask is changed; a journal
        that is there learns which mask goes on. Raises as :meth:`append`.
        """
        if not self._end and not self._first:
            self._first = [self._mirror.base().encode()]
        try_disk(self._path, sum(map(len, self._first)))
        if self._end and self._first:
            self.append([])

    def append(self, records: list[bytes]) -> None:
        """Write records; they are on the disk then.

        Raises
        ------
        AlntError
            If that fails; they can be written again.
        """
        with WRITING:
            if self._appender is not None and not self._appender.is_in_place():
                # another program has deleted or replaced the file
                self.close()
                self._appender, self._anew, self._damaged = None, True, self._path.exists()
            if self._appender is None:
                self._appender = self._begin([*self._first, *records])
            else:
                self._appender.append(b"".join(records))

    def _begin(self, records: list[bytes]) -> Appender:
        end = self._end
        if end and not self._damaged and not self._anew:
            end = self._grown()
        if self._damaged:
            write_bytes(self._path.with_name(f"{self._path.name}.damaged"), self._path.read_bytes())
            self._damaged = False
        if not end or self._anew:
            make_folder(self._path.parent)
            content = MAGIC + b"".join(self._mirror.whole() if self._anew else records)
            write_bytes(self._path, content)
            return Appender(self._path, len(content))
        appender = Appender(self._path, end)
        try:
            appender.append(b"".join(records))
        except AlntError:
            appender.close()
            raise
        return appender

    def _grown(self) -> int:
        """The file's length, to which a note that the mask was accepted may have come."""
        found = scan(self._path)
        if not found.records or found.records[-1].state != self._state:
            # strokes of another hand, which these do not fit
            self._anew = self._damaged = True
        return found.end

    def close(self) -> None:
        """Let go of the file."""
        if self._appender is not None:
            self._appender.close()
