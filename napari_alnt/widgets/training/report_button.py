"""The button that writes the report of a project and opens it in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QPushButton, QWidget

from napari_alnt.session import write_report
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from pathlib import Path

    from napari_alnt.errors import AlntError
    from napari_alnt.session import Session
    from napari_alnt.session.jobs import Call

TIP = "Write a page with the test curve, the queue and the runs, and open it in the browser"


class ReportButton(QPushButton):
    """Writes the report away from the GUI thread, and opens it.

    ``written`` carries the page's file, ``failed`` why there is none.

    Parameters
    ----------
    session : the open project
    call : makes a call that may wait for a disk
    """

    written = Signal(object)
    failed = Signal(str)

    def __init__(self, session: Session, call: Call, parent: QWidget | None = None) -> None:
        super().__init__("Report", parent)
        self.setToolTip(TIP)
        self._session = session
        self._call = call
        self.clicked.connect(self.write)

    def write(self) -> None:
        """Write the report, and open it when it is there."""
        self.setEnabled(False)
        self._call(lambda: write_report(self._session), done=self._open, failed=self._fail)

    def show_page(self, page: QUrl) -> bool:
        """Open a page in the system's browser; whether there is one."""
        return bool(QDesktopServices.openUrl(page))

    def _open(self, page: Path) -> None:
        self.setEnabled(True)
        self.written.emit(page)
        if not self.show_page(QUrl.fromLocalFile(str(page.absolute()))):
            self.failed.emit(f"The report is at {page}; no browser was found to open it.")

    def _fail(self, error: AlntError) -> None:
        self.setEnabled(True)
        self.failed.emit(str(error))
