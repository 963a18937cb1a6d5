"""What is used of napari that its public API does not offer, each with the reason."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from app_model import Application

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import napari
    from napari.layers import Labels
    from qtpy.QtWidgets import QMainWindow, QWidget


def main_window(viewer: napari.Viewer) -> QMainWindow:
    """The window of a viewer."""
    # napari has no event for the closing of its window: unsaved work has to be kept before
    return cast("QMainWindow", viewer.window._qt_window)


def canvas(viewer: napari.Viewer) -> QWidget:
    """The part of the window that shows the layers."""
    # keys reach the viewer only while this has the focus, and a click in the queue takes it
    return cast("QWidget", viewer.window._qt_viewer)


@contextmanager
def unpainted(viewer: napari.Viewer) -> Iterator[None]:
    """Paint nothing on the canvas while layers are exchanged; afterwards it is painted once."""
    # sliders that come or go resize the canvas, which paints at once: a scene that is half built
    # then ends in a segmentation fault of software OpenGL
    native = viewer.window._qt_viewer.canvas.native
    before = native.updatesEnabled()
    native.setUpdatesEnabled(False)
    try:
        yield
    finally:
        native.setUpdatesEnabled(before)


def follow_history(layer: Labels, tell: Callable[[bool, list[Any]], object]) -> Callable[[], None]:
    """Call ``tell`` after every undo (True) and redo (False) of a layer, with the changes in order.

    The result lets go of the layer.
    """

    # napari announces neither, and only its stacks know what they change
    def undo() -> None:
        step = layer._undo_history[-1] if layer._undo_history else []
        type(layer).undo(layer)
        tell(True, step[::-1])

    def redo() -> None:
        step = layer._redo_history[-1] if layer._redo_history else []
        type(layer).redo(layer)
        tell(False, step[::-1])

    layer.undo, layer.redo = undo, redo

    def leave() -> None:
        del layer.undo, layer.redo

    return leave


def is_painting(layer: Labels) -> bool:
    """Whether a stroke has begun that has not ended."""
    # its voxels are changed already, and napari tells of them at its end
    return bool(layer._block_history)


def is_taken_apart(window: QMainWindow) -> bool:
    """Whether ``viewer.close()`` has begun to close a window, so that nobody can be asked."""
    # it hides the canvas first and closes the window afterwards; napari says neither
    return not (window.isVisible() and window._qt_viewer.isVisible())  # type: ignore[attr-defined]


def add_to_palette(name: str, title: str, tip: str, run: Callable[[], object]) -> None:
    """Put a command into napari's command palette, unless it is there already."""
    # napari is an app-model application of this name, which app-model hands out to anybody; napari
    # itself offers commands only from a manifest, where each action would stand a second time
    app = Application.get_app("napari")
    if app is not None and name not in app.commands:
        app.register_action(name, title, tooltip=tip, callback=run)
