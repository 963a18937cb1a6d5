"""The dock: an empty page, or one open project with its queue, case, training and settings."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import napari
from qtpy.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from qtpy.QtWidgets import QFileDialog, QMessageBox, QStackedLayout, QWidget

from napari_alnt.errors import AlntError, ProjectLocked, ReadOnly
from napari_alnt.session import Session
from napari_alnt.widgets.home import Home
from napari_alnt.widgets.loop import Loop
from napari_alnt.widgets.new_project import NewProject
from napari_alnt.widgets.style import style_sheet
from napari_alnt.widgets.worker import wait_for_threads

NAME = "Annotation loop (ALNT)"


class AnnotationLoop(QWidget):
    """The plugin's one dock widget. ``project_opened`` carries the session of a project that has
    been opened.
    """

    project_opened = Signal(object)
    _window: Any = None

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.viewer = napari_viewer
        self.loop: Loop | None = None
        self.home = Home()
        self.home.open_asked.connect(self._ask_for_project)
        self.home.new_asked.connect(self.ask_for_files)
        self.home.made.connect(self.open_project)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.home)
        self._docked = self._closing = self._ended = False
        self._window = napari_viewer.window._qt_window
        self._window.installEventFilter(self)
        QCoreApplication.instance().aboutToQuit.connect(self.shutdown)
        napari_viewer.events.theme.connect(self._dress)
        self._dress()

    # projects -------------------------------------------------------------------------------------

    @property
    def session(self) -> Session | None:
        """The open project at work, or None."""
        return self.loop.session if self.loop else None

    def open_project(self, folder: Path | str) -> bool:
        """Open a project folder; one that another window writes to, or that cannot be written,
        opens read-only.
        """
        if not self.close_project():
            return False
        try:
            session, note = _open(Path(folder))
        except AlntError as error:
            self.home.say(str(error), "error")
            return False
        self.home.say("")
        self.loop = Loop(self.viewer, session, note)
        self.loop.close_asked.connect(self.close_project)
        self._pages.addWidget(self.loop)
        self._pages.setCurrentWidget(self.loop)
        self.project_opened.emit(session)
        return True

    def close_project(self) -> bool:
        """Keep unsaved work, end the engine and go back to the empty page; work that cannot be kept
        stays open.
        """
        if self.loop is not None and not self.loop.keep_work():
            return False
        self._end_loop()
        return True

    def _end_loop(self) -> None:
        loop, self.loop = self.loop, None
        if loop is None:
            return
        try:
            loop.shutdown()
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
        dialog.open()

    def _ask_for_project(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, "Open a project folder"):
            self.open_project(folder)

    # ending ---------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """Leave nothing behind: work is kept where it can be, the engine ended, no thread
        running.
        """
        if self._ended:
            return
        self._ended = True
        self._window.removeEventFilter(self)
        self._end_loop()
        self.home.line.wait()
        wait_for_threads()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice that napari's window closes: a close may be refused, but the hiding after it is
        final.
        """
        if watched is self._window:
            if event.type() == QEvent.Type.Close:
                if not self._may_close():
                    event.ignore()
                    return True
                self._closing = True
                if not self._window.isVisible():
                    self.shutdown()
            elif event.type() == QEvent.Type.Hide and self._closing and not event.spontaneous():
                self.shutdown()
        return False

    def event(self, event: QEvent) -> bool:
        """Notice that the dock is taken away."""
        if event.type() == QEvent.Type.ParentChange:
            if self.parent() is not None:
                self._docked = True
            elif self._docked:
                self.shutdown()
        return bool(super().event(event))

    def _may_close(self) -> bool:
        if self.loop is None or self.loop.keep_work():
            return True
        if not (self._window.isVisible() and self._window._qt_viewer.isVisible()):
            return (
                True  # viewer.close() has taken the window apart already, and nobody can be asked
            )
        buttons = QMessageBox.StandardButton
        text = f"{self.loop.note.text()}\n\nClose anyway and lose the unsaved strokes?"
        title = "Your work could not be saved"
        answer = QMessageBox.question(
            self._window, title, text, buttons.Yes | buttons.No, buttons.No
        )
        return bool(answer == buttons.Yes)

    def _dress(self, *_: Any) -> None:
        self.setStyleSheet(style_sheet(self.viewer.theme))


def _open(folder: Path) -> tuple[Session, str]:
    try:
        session = Session.open(folder)
    except (ProjectLocked, ReadOnly) as error:
        return Session.open(folder, write=False), str(error)
    return session, " ".join(session.project.notices)


def dock(viewer: napari.Viewer) -> AnnotationLoop:
    """The dock of a viewer, made if it is not there yet."""
    for widget in viewer.window.dock_widgets.values():
        if isinstance(widget, AnnotationLoop):
            widget.parent().show()
            return widget
    widget = AnnotationLoop(viewer)
    viewer.window.add_dock_widget(widget, name=NAME, area="right")
    return widget


class _MenuItem(QWidget):
    """Napari's Plugins menu holds widgets only: this one does its work when it is docked, and goes
    away again.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.viewer = napari_viewer
        QTimer.singleShot(0, self._act)

    def _act(self) -> None:
        if self.parent() is not None:
            self.viewer.window.remove_dock_widget(self)
        self.act(dock(self.viewer))
        self.deleteLater()

    def act(self, loop: AnnotationLoop) -> None:
        """What the menu item says."""
        raise NotImplementedError


class NewProjectItem(_MenuItem):
    """Plugins → ALNT → New project."""

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)

    def act(self, loop: AnnotationLoop) -> None:
        """Ask for the files of a new project."""
        loop.ask_for_files()


class DemoItem(_MenuItem):
    """Plugins → ALNT → Open demo."""

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__(napari_viewer)

    def act(self, loop: AnnotationLoop) -> None:
        """Open the demo project."""
        loop.open_demo()
