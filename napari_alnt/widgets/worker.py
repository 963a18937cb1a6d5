"""The only file about threads: the engine's events and slow file work, handed to the GUI thread."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QCoreApplication, QEventLoop, QObject, QThreadPool, QTimer

from napari_alnt.errors import AlntError
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from napari_alnt.session.jobs import Heard


def listen(
    heard: Heard, on_event: Callable[[Any], None], on_end: Callable[[], None], *, parent: QObject
) -> None:
    """Hear an engine to its end; both functions are called in the GUI thread, ``on_end`` last.

    The way to end it early is to end the engine: its pipe then ends, and so does the thread.
    """
    listener = Listener(heard, parent)
    listener.event_received.connect(on_event)
    listener.ended.connect(on_end)
    listener.ended.connect(listener.deleteLater)
    listener.start()


class Listener(QObject):
    """Reads an engine's events in a thread; its signals are emitted in the GUI thread."""

    event_received = Signal(object)
    ended = Signal()

    def __init__(self, heard: Heard, parent: QObject) -> None:
        super().__init__(parent)
        self._worker = create_worker(_events, heard, _start_thread=False)
        # a signal that is connected to a signal of an object of another thread waits in its queue
        self._worker.yielded.connect(self.event_received)
        self._worker.finished.connect(self.ended)

    def start(self) -> None:
        """Begin to read."""
        self._worker.start()


def _events(heard: Heard) -> Iterator[Any]:
    # a generator *function*: from anything else, superqt makes a worker that yields nothing
    yield from heard.events()


LOOK = 5
"""Milliseconds between two looks at whether a call has come back."""
LIMIT = 60.0
"""Seconds after which a call that has not come back is no longer waited for."""


class FileWorker(QObject):
    """Makes slow calls on files and tables away from the GUI thread, one after another.

    Each thus sees what the one before has written.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        # one thread, which is what makes it a queue
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="alnt-files")
        self._calls: list[_Call] = []
        self._stuck: _Call | None = None
        # looked at from here, as a signal of the other thread may come when this object is gone
        self._timer = QTimer(self, interval=LOOK)
        self._timer.timeout.connect(self._hand_over)

    @property
    def busy(self) -> bool:
        """Whether a call has not come back yet."""
        return bool(self._calls)

    def run(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None],
        failed: Callable[[AlntError], None],
    ) -> None:
        """Call ``function``; its result goes to ``done``, or its error to ``failed``, in the GUI
        thread.
        """
        future = self._pool.submit(_work, function, arguments)
        self._calls.append(_Call(future, done, failed))
        self._timer.start()

    def call(self, function: Callable[..., Any], *arguments: Any, alive: bool = True) -> Any:
        """Call ``function`` after all calls before it, and return its result.

        Meanwhile the window is drawn as in :meth:`settle`.

        Raises
        ------
        AlntError
            As the function does, or as :meth:`settle`.
        """
        results: list[Any] = []
        self.run(function, *arguments, done=results.append, failed=results.append)
        self.settle(alive)
        if isinstance(results[0], AlntError):
            raise results[0]
        return results[0]

    def settle(self, alive: bool = True) -> None:
        """Return when every call has come back and its result is handed over.

        Meanwhile the window is drawn and its timers run; clicks and keys wait until afterwards.
        Without ``alive`` nothing is drawn, as where the window is being taken apart.

        Raises
        ------
        AlntError
            If a call does not come back for long, as from a network disk that is gone.
        """
        end = time.monotonic() + LIMIT
        while self._calls:
            first = self._calls[0]
            wait([first.future], timeout=0.02)
            if alive:
                QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            self._hand_over()
            if first not in self._calls:
                end = time.monotonic() + LIMIT
            elif first is self._stuck or time.monotonic() > end:
                self._stuck = first  # the next one who asks need not wait as long again
                raise AlntError(
                    "A disk does not answer, so not all could be read and written; check that the"
                    " disks of the project and of its images are there, and try again."
                )

    def wait(self, milliseconds: int = 30_000) -> bool:
        """Wait until all calls have been made; their results are handed over later."""
        futures = [call.future for call in self._calls]
        return not wait(futures, timeout=milliseconds / 1000).not_done

    def _hand_over(self) -> None:
        if not self._calls:
            self._timer.stop()
        while self._calls and self._calls[0].future.done():
            call = self._calls.pop(0)
            result = call.future.result()
            if isinstance(result, AlntError):
                call.failed(result)
            else:
                call.done(result)


@dataclass(frozen=True, eq=False)
class _Call:
    future: Future[Any]
    done: Callable[[Any], None]
    failed: Callable[[AlntError], None]


def _work(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """The result of a call, or the error that it raised, as one for the user."""
    try:
        return function(*arguments)
    except AlntError as error:
        return error
    except Exception as error:  # noqa: BLE001 - nobody above this thread would see it
        traceback.print_exc()
        return AlntError(
            f"Something unforeseen happened ({type(error).__name__}: {error}); please report it."
        )


def wait_for_threads(milliseconds: int = 10_000) -> bool:
    """Wait until nothing runs in a thread: a window that closes before ends in an abort."""
    return bool(QThreadPool.globalInstance().waitForDone(milliseconds))
