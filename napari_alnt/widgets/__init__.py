"""The napari plugin: the only room that knows Qt."""

from napari_alnt.widgets.main import AnnotationLoop, dock

__all__ = ["AnnotationLoop", "dock"]
