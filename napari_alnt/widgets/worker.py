"""The only file about threads: the engine's events and slow file work, handed to the GUI thread."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, QThreadPool, Signal

from napari_alnt.errors import AlntError
from napari_alnt.session import Engine


def _listen(engine: Engine) -> Iterator[Any]:
    yield from engine.events()


class Listener(QObject):
    """Hears an engine to its end; ``heard`` carries each event and ``ended`` comes last, both in
    the GUI thread.

    The way to end it early is to end the engine: its pipe then ends, and so does the thread.
    """

    heard = Signal(object)
    ended = Signal()

    def __init__(self, engine: Engine, parent: QObject) -> None:
        super().__init__(parent)
        # a generator *function*: anything else gets a worker that cannot be heard
        self._worker = create_worker(_listen, engine, _start_thread=False)
        self._worker.yielded.connect(self.heard)
        self._worker.finished.connect(self.ended)
        self._worker.start()


def _work(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Iterator[Any]:
    # errors travel as values, since superqt swallows RuntimeErrors
    try:
        yield function(*arguments)
    except AlntError as error:
        yield error
    except Exception as error:
        traceback.print_exc()
        yield AlntError(
            f"Something unforeseen happened ({type(error).__name__}: {error}); please report it."
        )


class Line(QObject):
    """Slow calls on files, one after another away from the GUI thread, so that each sees what the
    one before wrote.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
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
        """Call ``function``; what comes of it is handed to ``done`` or ``failed`` in the GUI
        thread.
        """
        call = _Call(self, function, arguments, done, failed)
        self._calls.add(call)
        call.over.connect(self._forget)
        self._pool.start(call.worker)

    def wait(self, milliseconds: int = 30_000) -> bool:
        """Wait until all that was asked for is on the disk; what comes of it is handed over
        later.
        """
        return bool(self._pool.waitForDone(milliseconds))

    def _forget(self, call: _Call) -> None:
        self._calls.discard(call)
        call.deleteLater()


class _Call(QObject):
    over = Signal(object)

    def __init__(
        self, parent: QObject, function: Any, arguments: tuple[Any, ...], done: Any, failed: Any
    ) -> None:
        super().__init__(parent)
        self._done, self._failed = done, failed
        self.worker = create_worker(_work, function, arguments, _start_thread=False)
        self.worker.yielded.connect(self._take)

    def _take(self, result: Any) -> None:
        try:
            (self._failed if isinstance(result, AlntError) else self._done)(result)
        finally:
            self.over.emit(self)


def wait_for_threads(milliseconds: int = 10_000) -> bool:
    """Wait until nothing runs in a thread: a window that closes before ends in an abort."""
    return bool(QThreadPool.globalInstance().waitForDone(milliseconds))
