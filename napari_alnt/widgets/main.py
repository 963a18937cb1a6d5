"""The dock: an empty page, or one open project with its queue, case, training and settings."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
from napari.utils.notifications import show_info
from qtpy.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QFileDialog, QMainWindow, QMessageBox, QStackedLayout, QWidget

from napari_alnt.errors import AlntError
from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.arrangement import widen
from napari_alnt.widgets.loop import Loop
from napari_alnt.widgets.opening import open_session
from napari_alnt.widgets.parts.style import style_sheet
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.start.home import Home
from napari_alnt.widgets.start.lacking import show_lack
from napari_alnt.widgets.start.new_project import NewProject
from napari_alnt.widgets.worker import FileWorker, wait_for_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_alnt.session import Session
    from napari_alnt.widgets.actions import Action
    from napari_alnt.widgets.opening import Opened

NAME = "Annotation loop (ALNT)"
PATIENCE = 1500
"""Milliseconds after which the user is told why it takes long to open a project."""
WAITING = "Opening: the disk is slow, or another program uses the project's table; waiting …"


class AnnotationLoop(QWidget):
    """The plugin's one dock widget; ``project_opened`` carries the session of an opened project."""

    project_opened = Signal(object)
    _window: QMainWindow | None = None  # the event filter may be called before all is built

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.viewer = napari_viewer
        self.loop: Loop | None = None
        self.files = FileWorker(self)
        self._patience = QTimer(self, interval=PATIENCE, singleShot=True)
        self._patience.timeout.connect(self._say_waiting)
        self.home = Home()
        self.home.open_asked.connect(self._ask_for_project)
        self.home.new_asked.connect(self.ask_for_files)
        self.home.made.connect(self.open_project)
        self.home.chosen.connect(self.open_project)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.home)
        self._docked = False
        self._closing = False
        self._ended = False
        self._columns: Sequence[str] | None = None
        # a filter of the window's events, as napari has none of its own for its end
        self._window = viewer_adapter.main_window(napari_viewer)
        self._window.installEventFilter(self)
        # napari may also be quit without its window being closed, as by a script
        if app := QCoreApplication.instance():
            app.aboutToQuit.connect(self.shutdown)
        for action in ACTIONS.values():
            viewer_adapter.add_to_palette(
                f"napari-alnt.{action.id}", f"ALNT: {action.title}", action.tip, _acting(action)
            )
        napari_viewer.events.theme.connect(self._apply_theme)
        self._apply_theme()

    # projects -------------------------------------------------------------------------------------

    @property
    def session(self) -> Session | None:
        """The open project at work, or None."""
        return self.loop.session if self.loop else None

    def open_project(self, folder: Path | str) -> bool:
        """Open a project folder; read-only if another window writes to it, or if nobody can."""
        if self.files.busy:
            self.home.say("A project is still being opened; wait for it, or for its disk.", "warn")
            return False
        # the project before is given up only when its work is safe, even if this one is broken
        if not self.close_project():
            return False
        folder = Path(folder)
        self.home.say(f"Opening {folder.name} …", "faint")
        self._patience.start()
        try:
            opened = self._opened(folder)
        except AlntError as error:
            self.home.say(str(error), "error")
            return False
        finally:
            self._patience.stop()
        self.home.say("")
        self.loop = Loop(self.viewer, opened)
        self.loop.header.close_asked.connect(self.close_project)
        if self._columns is not None:
            self.loop.queue.show_columns(self._columns)
        self._pages.addWidget(self.loop)
        self._pages.setCurrentWidget(self.loop)
        widen(self.loop)
        self.home.recent.remember(folder)
        show_lack(self.loop, self.ask_for_files)
        self.project_opened.emit(opened.session)
        return True

    def _opened(self, folder: Path) -> Opened:
        found: list[Opened | AlntError] = []
        given_up = False

        def done(opened: Opened) -> None:
            if given_up:  # nobody else would let go of its lock
                opened.session.close(discard=True)
            found.append(opened)

        self.files.run(open_session, folder, done=done, failed=found.append)
        try:
            self.files.settle()
        except AlntError:
            given_up = True
            raise
        if isinstance(found[0], AlntError):
            raise found[0]
        return found[0]

    def _say_waiting(self) -> None:
        self.home.say(WAITING, "faint")

    def close_project(self) -> bool:
        """Keep unsaved work and close the project; False if the work cannot be kept."""
        if self.loop is not None and not self.loop.keep_work():
            return False
        self._end_loop(alive=True)
        return True

    def _end_loop(self, alive: bool) -> None:
        loop = self.loop
        if loop is None:
            return
        self.loop = None
        self._columns = loop.queue.shown_columns
        try:
            loop.shutdown(alive)
        except AlntError as error:
            self.home.say(str(error), "error")
            logging.getLogger(__name__).error("%s", error)
        self._pages.setCurrentWidget(self.home)
        self._pages.removeWidget(loop)
        loop.deleteLater()

    def open_demo(self) -> None:
        """Open the demo project, and make it first if it is not there yet."""
        if self.close_project():
            self.home.open_demo()

    def ask_for_files(self) -> None:
        """Ask for the files of a new project in a dialog."""
        dialog = NewProject(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.made.connect(self.open_project)
        dialog.open()  # and not exec: the window, and the training in it, go on meanwhile

    def _ask_for_project(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, "Open a project folder"):
            self.open_project(folder)

    # ending ---------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """Leave nothing behind: keep work where it can be kept, end the engine and all threads."""
        if self._ended:
            return
        self._ended = True
        if self._window is not None:
            self._window.removeEventFilter(self)
        self._end_loop(alive=False)
        self.home.files.wait()
        wait_for_threads()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice that napari's window closes: that may be refused, but the hiding after it not."""
        if self._window is not None and watched is self._window:
            # viewer.close() hides the window and closes it afterwards; a user's close comes first
            if event.type() == QEvent.Type.Close:
                if not self._may_close():
                    event.ignore()
                    return True
                self._closing = True
                if not self._window.isVisible():
                    self.shutdown()
            # a spontaneous hiding is a window that was minimised
            elif event.type() == QEvent.Type.Hide and self._closing and not event.spontaneous():
                self.shutdown()
        return False

    def event(self, event: QEvent) -> bool:
        """Notice that the dock is taken away."""
        # napari takes a dock out of the window by taking its parent away
        if event.type() == QEvent.Type.ParentChange:
            if self.parent() is not None:
                self._docked = True
            elif self._docked:
                self.shutdown()
        return bool(super().event(event))

    def _may_close(self) -> bool:
        if self.loop is None or self.loop.keep_work():
            return True
        if self._window is None or viewer_adapter.is_taken_apart(self._window):
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            "Your work could not be saved",
            f"{self.loop.header.note.text()}\n\nClose anyway and lose the unsaved strokes?",
            buttons.Yes | buttons.No,
            buttons.No,
        )
        return bool(answer == buttons.Yes)

    def _apply_theme(self, *_: Any) -> None:
        self.setStyleSheet(style_sheet(self.viewer.theme))


def dock(viewer: napari.Viewer) -> AnnotationLoop:
    """The dock of a viewer, made if it is not there yet."""
    for widget in viewer.window.dock_widgets.values():
        if isinstance(widget, AnnotationLoop):
            if frame := widget.parentWidget():
                frame.show()
            return widget
    widget = AnnotationLoop(viewer)
    viewer.window.add_dock_widget(widget, name=NAME, area="right")
    return widget


def _acting(action: Action) -> Callable[[], None]:
    """What the command palette calls: the action, in the project of the window that is in use."""

    def act() -> None:
        viewer = napari.current_viewer()
        loop = dock(viewer).loop if viewer is not None else None
        if loop is None:
            show_info("Open a project in the annotation loop first.")
        else:
            loop.act(action)

    return act


class _MenuItem(QWidget):
    """One that does its work when it is docked, and goes away: napari's menu holds widgets only."""

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.viewer = napari_viewer
        # napari docks the widget once this constructor has returned
        QTimer.singleShot(0, self._act)

    def _act(self) -> None:
        if self.parent() is not None:
            self.viewer.window.remove_dock_widget(self)
        self.act(dock(self.viewer))
        self.deleteLater()

    def act(self, loop: AnnotationLoop) -> None:
        """Do what the menu item says."""
        raise NotImplementedError


class NewProjectItem(_MenuItem):
    """Plugins → ALNT → New project."""

    def act(self, loop: AnnotationLoop) -> None:
        """Ask for the files of a new project."""
        loop.ask_for_files()


class DemoItem(_MenuItem):
    """Plugins → ALNT → Open demo."""

    def act(self, loop: AnnotationLoop) -> None:
        """Open the demo project."""
        loop.open_demo()
