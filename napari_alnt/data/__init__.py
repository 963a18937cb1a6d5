"""Files and tables: volumes on their grids, cases, projects. Knows neither torch nor Qt."""

from napari_alnt.data.atomic import (
    make_folder,
    save_array,
    sha256,
    write_atomic,
    write_bytes,
    write_text,
)
from napari_alnt.data.backup import back_up
from napari_alnt.data.case import Case, CaseFiles, Role, Status
from napari_alnt.data.folder import TABLE, is_project, require_new
from napari_alnt.data.images.formats import FORMATS, Format
from napari_alnt.data.images.on_disk import Array, Floats, OnDisk, Shape
from napari_alnt.data.images.volume import (
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
from napari_alnt.data.intake.create import Checked, check_cases
from napari_alnt.data.intake.datalists import Datalist
from napari_alnt.data.intake.mask_checks import mask_notices
from napari_alnt.data.intake.nnunet import NnUNet
from napari_alnt.data.intake.notices import Implausible, Notice
from napari_alnt.data.intake.sources import Patterns, Source
from napari_alnt.data.label_store import LabelVersion, mask_dice
from napari_alnt.data.project import Project
from napari_alnt.data.run_store import Run
from napari_alnt.data.verification import verify
from napari_alnt.data.version_history import compare, take_up

__all__ = [
    "FORMATS", "GRID_KEY", "TABLE", "Array", "Case", "CaseFiles", "Checked", "Datalist", "Floats",
    "Format", "Grid", "Implausible", "LabelVersion", "NnUNet", "Notice", "OnDisk", "Patterns",
    "Project", "Role", "Run", "Shape", "Source", "Status", "Triple", "Volume",
    "back_up", "check_cases", "compare", "is_project", "make_folder", "mask_dice", "mask_notices",
    "read_grid", "read_labels", "read_volume", "require_new", "save_array", "sha256", "take_up",
    "verify", "write_atomic", "write_bytes", "write_image", "write_labels", "write_map",
    "write_text",
]  # fmt: skip
