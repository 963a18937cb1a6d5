"""The napari plugin: the only room that knows Qt."""

from napari_alnt.widgets.main import AnnotationLoop, DemoItem, NewProjectItem, dock

__all__ = ["AnnotationLoop", "DemoItem", "NewProjectItem", "dock"]
