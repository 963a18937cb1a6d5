"""Files and tables: volumes on their grids, cases, projects. Knows neither torch nor Qt."""

from napari_alnt.data.atomic import (
    make_folder,
    save_array,
    sha256,
    write_atomic,
    write_bytes,
    write_text,
)
from napari_alnt.data.case import Case, CaseFiles, Role, Status
from napari_alnt.data.formats import FORMATS, Array, Floats, Format, OnDisk, Shape
from napari_alnt.data.label_store import LabelVersion, mask_dice
from napari_alnt.data.project import TABLE, Project, is_project
from napari_alnt.data.run_store import Run
from napari_alnt.data.sources import Datalist, NnUNet, Patterns, Source
from napari_alnt.data.volume import (
    GRID_KEY,
    Grid,
    Triple,
    Volume,
    read_grid,
    read_labels,
    read_volume,
    write_image,
    write_labels,
    write_map,
)

__all__ = [
    "FORMATS", "GRID_KEY", "TABLE", "Array", "Case", "CaseFiles", "Datalist", "Floats", "Format",
    "Grid", "LabelVersion", "NnUNet", "OnDisk", "Patterns", "Project", "Role", "Run", "Shape",
    "Source", "Status", "Triple", "Volume",
    "is_project", "make_folder", "mask_dice", "read_grid", "read_labels",
    "read_volume", "save_array", "sha256", "write_atomic", "write_bytes", "write_image",
    "write_labels", "write_map", "write_text",
]  # fmt: skip
