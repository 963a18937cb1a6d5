"""What nobody has labelled is hatched on the screen; the mask itself stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from vispy.color import Color
from vispy.visuals.filters import Filter

from napari_alnt.widgets.parts.style import UNKNOWN_COLOUR
from napari_alnt.widgets.planes import planes_adapter

if TYPE_CHECKING:
    import napari
    from napari.layers import Labels

# a light line beside a dark one is seen on every ground, and what lies between them is left clear;
# counted in pixels of the screen, so that it looks the same at every zoom
_SHADER = """
void hatch() {
    if (gl_FragColor.a == 0.0 || distance(gl_FragColor.rgb, $colour) > 0.004) {
        return;
    }
    float place = mod(gl_FragCoord.x - gl_FragCoord.y, 12.0);
    float light = 1.0 - smoothstep(0.5, 1.3, abs(place - 4.0));
    float dark = 1.0 - smoothstep(0.5, 1.3, abs(place - 5.8));
    gl_FragColor.a = min(1.0, 2.0 * gl_FragColor.a) * max(light, dark);
    gl_FragColor.rgb = mix(vec3(0.12), vec3(0.88), light);
}
"""


class Hatching(Filter):  # type: ignore[misc]
    """Draws whatever has one colour as diagonal lines."""

    def __init__(self, colour: str) -> None:
        # after the filter by which a layer gets its opacity
        super().__init__(fcode=_SHADER, fpos=9)
        self.fshader["colour"] = Color(colour).rgb


_HATCHED: WeakSet[Any] = WeakSet()
"""What has been told to hatch already, as a visual does not say so itself."""


def hatch_unknown(viewer: napari.Viewer, layer: Labels) -> None:
    """Hatch what nobody has labelled in a layer; done once, it holds as long as the layer."""
    node = planes_adapter.flat_node(viewer, layer)
    if node not in _HATCHED:
        _HATCHED.add(node)
        node.attach(Hatching(UNKNOWN_COLOUR))
