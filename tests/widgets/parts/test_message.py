"""A place for a sentence."""

from __future__ import annotations

from napari_alnt.widgets.parts.message import Message


def test_it_keeps_its_size_whatever_is_said(qtbot):
    message = Message(lines=2)
    qtbot.addWidget(message)
    message.resize(200, message.height())
    message.show()
    size = message.size()
    for text in ("", "One.", "A sentence of many words. " * 20):
        message.say(text, "error")
        assert message.size() == size
        assert message.text() == text
    # what is too long can be scrolled to
    qtbot.waitUntil(lambda: message.verticalScrollBar().maximum() > 0)


def test_the_name_of_a_file_is_no_html(qtbot):
    message = Message()
    qtbot.addWidget(message)
    message.say("<b>x</b>.nii is missing", "warn")
    assert message.text() == "<b>x</b>.nii is missing"
    assert message.label.objectName() == "warn"
    assert message.label.textFormat().name == "PlainText"
