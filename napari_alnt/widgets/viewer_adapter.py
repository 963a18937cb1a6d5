"""What is used of napari that its public API does not offer, each with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from inspect import isgeneratorfunction
from typing import TYPE_CHECKING, Any, cast

from app_model import Application
from app_model.types import KeyBinding
from napari.components import ViewerModel
from napari.settings import get_settings
from napari.utils.action_manager import action_manager

if TYPE_CHECKING:
    import napari
    from napari.layers import Labels, Layer
    from qtpy.QtWidgets import QMainWindow, QWidget

STEPS = 1000
"""How many steps of painting can be taken back."""


def main_window(viewer: napari.Viewer) -> QMainWindow:
    """The window of a viewer."""
    # napari has no event for the closing of its window: unsaved work has to be kept before
    return cast("QMainWindow", viewer.window._qt_window)


def canvas(viewer: napari.Viewer) -> QWidget:
    """The part of the window that shows the layers."""
    # keys reach the viewer only while this has the focus, and a click in the queue takes it
    return cast("QWidget", viewer.window._qt_viewer)


def picture_area(viewer: napari.Viewer) -> QWidget:
    """The part of the window in which the canvas and its sliders stand."""
    # what shows the layers is a splitter, which takes every child for one more pane
    return cast("QWidget", viewer.window._qt_viewer.parentWidget())


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


@contextmanager
def sliced_once(viewer: napari.Viewer, layers: Sequence[Layer]) -> Iterator[None]:
    """Cut the slice that is shown out of layers once, however much is changed in them meanwhile."""
    # napari does so after every change of a layer or the axes, with a thumbnail and outlines each
    # time; of five layers with a new grid this takes longer than all else of a case
    held: list[Any] = [layer for layer in layers if "_slice_dims" not in vars(layer)]
    with ExitStack() as blocked:
        for layer in held:
            layer._slice_dims = lambda *_, **__: None
            blocked.callback(delattr, layer, "_slice_dims")
            blocked.enter_context(layer._block_refresh())
        yield
    for layer in held:
        if layer in viewer.layers:
            # by force it only takes over where the axes are, and does not cut yet
            layer._slicing_state.set_slice_input_from_dims(viewer.dims, force=True)
            layer.refresh()


@contextmanager
def measured_once(viewer: napari.Viewer, layers: Sequence[Layer]) -> Iterator[None]:
    """Let the axes follow the extent of layers once, however much is changed in them meanwhile."""
    # napari does so for each setter of each layer, which is slow as the axes check themselves
    inner: Any = viewer
    while (wrapped := getattr(inner, "__wrapped__", None)) is not None:
        inner = wrapped
    with ExitStack() as blocked:
        for layer in layers:
            for name in ("data", "scale", "translate", "units", "affine"):
                blocked.enter_context(layer.events[name].blocker(inner._on_layers_change))
        yield
    inner._on_layers_change()


def exchange_data(layer: Layer, data: Any) -> None:
    """Give a layer other data, whose extent is known at once."""
    before = layer.data.shape
    layer.data = data
    # napari else looks at it when the layer is drawn, and not at all while that is put off
    if layer.data.shape != before:
        layer._clear_extent()


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


def forget_history(layer: Labels) -> None:
    """Let nothing that was painted so far be undone, as when another mask comes into a layer."""
    # napari keeps the steps when data is exchanged, and would make them in the new data; of the new
    # ones it would keep a hundred, too few for a case of an hour
    layer._history_limit = STEPS
    layer._reset_history()


def end_stroke(layer: Labels) -> None:
    """End a stroke as if the mouse were released; its button may still be held."""
    # a layer that is locked meanwhile would be painted on with every move, and the stroke that has
    # begun would not be told of
    layer._commit_staged_history()
    for drawing in list(layer._mouse_drag_gen.values()):
        layer._persisted_mouse_event.pop(drawing, None)
        drawing.close()
    layer._mouse_drag_gen.clear()


def lock(layer: Labels) -> Callable[[], None]:
    """Let nothing be painted in a layer until the function that is returned is called."""
    if not layer.editable:
        return lambda: None
    end_stroke(layer)
    # napari forgets what can be undone when a layer is locked
    mode, undo, redo = layer.mode, layer._undo_history, layer._redo_history
    layer.mode = "pan_zoom"
    layer.editable = False

    def unlock() -> None:
        layer.editable = True
        layer._undo_history, layer._redo_history = undo, redo
        layer.mode = mode

    return unlock


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


def identity(viewer: Any) -> int:
    """What tells a viewer from others, also behind the wrapper that plugins are given."""
    # its own id is the wrapper's, of which there may be several
    while (inner := getattr(viewer, "__wrapped__", None)) is not None:
        viewer = inner
    return id(viewer)


def register_key(name: str, tip: str, key: str, press: Callable[[Any], Any]) -> None:
    """Have a key call ``press`` with the viewer in which it is pressed.

    It stands in napari's preferences, and is the user's own if there is one already.
    """

    # the preferences list what the action manager knows, and a manifest can name no key of a viewer
    def call(viewer: ViewerModel) -> Any:
        return press(viewer)

    def hold(viewer: ViewerModel) -> Iterator[None]:
        yield from press(viewer)

    command = hold if isgeneratorfunction(press) else call
    command.__name__ = command.__qualname__ = name.replace(":", "_")
    action_manager.register_action(name, command, tip, ViewerModel)
    if name not in action_manager._shortcuts and name not in get_settings().shortcuts.shortcuts:
        action_manager.bind_shortcut(name, KeyBinding.from_str(key))


def keys_of(name: str, own: str) -> str:
    """The keys under which an action is registered, as text; '' for none, or its own alone."""
    keys = action_manager._shortcuts.get(name, [])
    return "" if keys == [KeyBinding.from_str(own)] else " or ".join(map(str, keys))
