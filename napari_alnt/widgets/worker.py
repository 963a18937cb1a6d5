"""The only file about threads: the engine's events and slow file work, handed to the GUI thread."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, QThreadPool

from napari_alnt.errors import AlntError
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from napari_alnt.events import Event
    from napari_alnt.session import Engine


def listen(
    engine: Engine,
    on_event: Callable[[Event], None],
    on_end: Callable[[], None],
    *,
    parent: QObject,
) -> None:
    """Hear an engine to its end; both functions are called in the GUI thread, ``on_end`` last.

    The way to end it early is to end the engine: its pipe then ends, and so does the thread.
    """
    listener = Listener(engine, parent)
    listener.event_received.connect(on_event)
    listener.ended.connect(on_end)
    listener.ended.connect(listener.deleteLater)
    listener.start()


class Listener(QObject):
    """Reads an engine's events in a thread; its signals are emitted in the GUI thread."""

    event_received = Signal(object)
    ended = Signal()

    def __init__(self, engine: Engine, parent: QObject) -> None:
        super().__init__(parent)
        self._worker = create_worker(_events, engine, _start_thread=False)
        # a signal that is connected to a signal of an object of another thread waits in its queue
        self._worker.yielded.connect(self.event_received)
        self._worker.finished.connect(self.ended)

    def start(self) -> None:
        """Begin to read."""
        self._worker.start()


def _events(engine: Engine) -> Iterator[Event]:
    # a generator *function*: from anything else, superqt makes a worker that yields nothing
    yield from engine.events()


def _work(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Iterator[Any]:
    # errors travel as values, since superqt swallows RuntimeErrors
    try:
        yield function(*arguments)
    except AlntError as error:
        yield error
    except Exception as error:  # noqa: BLE001 - nobody above this thread would see it
        traceback.print_exc()
        yield AlntError(
            f"Something unforeseen happened ({type(error).__name__}: {error}); please report it."
        )


class FileWorker(QObject):
    """Makes slow calls on files away from the GUI thread, one after another.

    Each thus sees what the one before has written.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)  # what makes it a queue
        self._calls: set[_Call] = set()

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
        # kept until it is over: superqt keeps workers only if it has started them in its own pool
        call = _Call(self, function, arguments, done, failed)
        self._calls.add(call)
        call.over.connect(self._forget)
        self._pool.start(call.worker)

    def wait(self, milliseconds: int = 30_000) -> bool:
        """Wait until all calls have been made; their results are handed over later."""
        return bool(self._pool.waitForDone(milliseconds))

    def _forget(self, call: _Call) -> None:
        self._calls.discard(call)
        call.deleteLater()


class _Call(QObject):
    over = Signal(object)

    def __init__(
        self,
        parent: QObject,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        done: Callable[[Any], None],
        failed: Callable[[AlntError], None],
    ) -> None:
        super().__init__(parent)
        self._done = done
        self._failed = failed
        self.worker = create_worker(_work, function, arguments, _start_thread=False)
        self.worker.yielded.connect(self._take)

    def _take(self, result: Any) -> None:
        try:
            if isinstance(result, AlntError):
                self._failed(result)
            else:
                self._done(result)
        finally:
            self.over.emit(self)


def wait_for_threads(milliseconds: int = 10_000) -> bool:
    """Wait until nothing runs in a thread: a window that closes before ends in an abort."""
    return bool(QThreadPool.globalInstance().waitForDone(milliseconds))
