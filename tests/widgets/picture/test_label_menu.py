"""Another name and another colour for a label, by a right-click on its chip."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from cases_shown import bare_layers
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_alnt.data import Project
from napari_alnt.data.label_looks import read_colours
from napari_alnt.errors import AlntError
from napari_alnt.widgets.case.case_bar import CaseBar
from napari_alnt.widgets.picture.label_menu import HINT, LabelMenu


class Files:
    """Does at once what a window does away from its thread."""

    def run(self, function, *, done, failed):
        try:
            done(function())
        except AlntError as error:
            failed(error)


@pytest.fixture
def loop(qtbot, balls, monkeypatch):
    """As much of an open project's window as the menu needs."""
    widget, layers = QWidget(), bare_layers(monkeypatch)
    qtbot.addWidget(widget)
    with Project.open(balls.folder) as project:
        layers.labels.clear()
        layers.labels.update(project.label_names)
        widget.layers, widget.case_bar = layers, CaseBar(widget)
        widget.session = SimpleNamespace(project=project)
        widget.correction = SimpleNamespace(files=Files())
        yield widget


def test_names_and_colours_are_changed_and_kept(loop):
    looks = LabelMenu(loop)
    value, *_ = loop.layers.labels
    (rename, colours) = looks.menu(value).actions()
    assert rename.text() == "Rename …"
    assert HINT in loop.case_bar.chips[value].toolTip()
    colours.menu().actions()[3].trigger()
    chosen = colours.menu().actions()[3].text()
    assert loop.layers.colours[value] == chosen
    looks.rename(value, "left ventricle")
    chip = loop.case_bar.chips[value]
    assert chip.text() == "left ventricle"
    assert chip.contextMenuPolicy() == Qt.ContextMenuPolicy.CustomContextMenu
    looks.rename(value, " ")
    assert "empty" in loop.case_bar.sentence.text()
    assert loop.layers.labels[value] == "left ventricle"
    looks.close()
    # and the next window has them
    assert read_colours(loop.session.project) == {value: chosen}
    loop.layers.palette.choose({value: "#000000"})
    again = LabelMenu(loop)
    assert loop.layers.colours[value] == chosen
    again.close()
