"""What the form of a new project would find, shown beside its fields as it is filled in."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QObject, Qt, QTimer
from qtpy.QtGui import QColor, QImage, QPixmap
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_alnt.data.images.thumbnail import Thumbnail
from napari_alnt.data.intake.preview import Preview
from napari_alnt.errors import AlntError
from napari_alnt.widgets.parts.message import Message
from napari_alnt.widgets.parts.style import UNKNOWN_COLOUR, class_colour, label
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.start.form_check import Reading
from napari_alnt.widgets.start.label_names import LabelNames
from napari_alnt.widgets.start.look import HEIGHT, WIDTH, Look, look
from napari_alnt.widgets.start.path_row import Framed
from napari_alnt.widgets.start.source_pages import Page, Texts
from napari_alnt.widgets.start.words import in_window_words
from napari_alnt.widgets.worker import FileWorker

DELAY = 400
"""Milliseconds without a change of the text after which the files are looked at."""
INTERVAL = 100
"""Milliseconds between two looks at what has been found so far."""
NOTHING = "What is found stands here as you fill in the form."


class Looker(QObject):
    """Looks at the files of a form when its text rests, one look at a time.

    ``seen`` carries the newest :class:`Look`. Another text ends the look before at its next file.
    """

    seen = Signal(object)

    def __init__(self, files: FileWorker, parent: QObject) -> None:
        super().__init__(parent)
        self._files = files
        self._reading = Reading()
        self._wanted: tuple[Page, Texts] | None = None
        self._busy = False
        self._shown: Look | None = None
        self._delay = QTimer(self, interval=DELAY, singleShot=True)
        self._delay.timeout.connect(self._begin)
        self._poll = QTimer(self, interval=INTERVAL)
        self._poll.timeout.connect(self._tell)

    @property
    def resting(self) -> bool:
        """Whether nothing is being looked at, and nothing is about to be."""
        return not self._busy and self._wanted is None

    @property
    def complete(self) -> bool:
        """Whether all that was asked for has been seen."""
        return self._shown is not None and self._shown.done

    def ask(self, page: Page, texts: Texts) -> None:
        """Look at the files of a text, unless another follows at once."""
        self.stop()
        self._shown = None
        self._wanted = (page, texts)
        self._delay.start()

    def stop(self) -> None:
        """End the look in progress, and begin no other."""
        self._delay.stop()
        self._poll.stop()
        self._wanted = None
        self._reading.stop()

    def _begin(self) -> None:
        # the look before is at its last file: its end begins the next
        if self._busy or self._wanted is None:
            return
        page, texts = self._wanted
        self._wanted = None
        self._busy = True
        reading = self._reading = Reading()
        self.destroyed.connect(reading.stop)
        self._files.run(look, page, texts, reading, done=self._ended, failed=self._failed)
        self._poll.start()

    def _tell(self) -> None:
        newest = self._reading.newest
        if newest is not self._shown and newest is not None and not self._reading.stopped:
            self._shown = newest
            self.seen.emit(newest)

    def _ended(self, _: object) -> None:
        self._tell()
        self._poll.stop()
        self._busy = False
        if not self._delay.isActive():
            self._begin()

    def _failed(self, error: AlntError) -> None:
        self._reading.newest = Look(wrong={"": str(error)}, done=True)
        self._ended(None)


class PreviewPanel(QWidget):
    """The counts, the first case's picture, and the names of the labels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.counts = Message(lines=4)
        self.picture = QLabel()
        self.picture.setFixedSize(WIDTH, HEIGHT)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setStyleSheet("background: black; color: #9aa3ad;")
        self.caption = Message(lines=2)
        self.labels = LabelNames()
        self.labels_frame = Framed(self.labels)
        self.setFixedWidth(WIDTH + 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(label("Found"))
        layout.addWidget(self.counts)
        layout.addWidget(self.picture)
        layout.addWidget(self.caption)
        layout.addWidget(label("Labels"))
        layout.addWidget(self.labels_frame)
        layout.addStretch()
        self.clear()

    def clear(self) -> None:
        """Show that nothing is known; the names that were written are kept."""
        self.counts.say(NOTHING)
        self._show_picture(None, None)
        self.labels.show_labels((), {})

    def show_look(self, seen: Look) -> None:
        """Show what is known so far."""
        preview = seen.preview
        problems = in_window_words(" ".join(dict.fromkeys(seen.wrong.values())))
        if preview is None:
            self.clear()
            if problems:
                self.counts.say(problems, "warn")
            return
        text = f"{preview}. {problems}" if problems else str(preview)
        self.counts.say(text, "warn" if problems else "")
        self._show_picture(seen.picture, preview)
        ignored = preview.ignore_label if preview.ignore_label in preview.slices else None
        self.labels.show_labels(preview.values, preview.names, ignored)

    def _show_picture(self, picture: Thumbnail | None, preview: Preview | None) -> None:
        if picture is None or preview is None:
            self.picture.setPixmap(QPixmap())
            self.picture.setText("the first case")
            self.caption.say("")
            return
        self.picture.setPixmap(pixmap(picture, preview))
        self.caption.say(str(picture))


def pixmap(picture: Thumbnail, preview: Preview) -> QPixmap:
    """The picture with each outline in the colour that its label will have."""
    shown = np.repeat(picture.grey[..., np.newaxis], 3, axis=2)
    outlined, which = np.unique(picture.outline, return_inverse=True)
    # the picture is there before all masks are read
    labels = sorted({*preview.values, *outlined.tolist()} - {0, preview.ignore_label})
    place = {label: number for number, label in enumerate(labels)}
    colours = [
        QColor(class_colour(place[value]) if value in place else UNKNOWN_COLOUR)
        for value in outlined.tolist()
    ]
    palette = np.array([(one.red(), one.green(), one.blue()) for one in colours], np.uint8)
    border = picture.outline > 0
    shown[border] = palette[which.reshape(border.shape)][border]
    height, width = picture.grey.shape
    pixels = np.ascontiguousarray(shown).tobytes()
    return QPixmap.fromImage(
        QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    )
