"""Files and tables: volumes on their grids, cases, projects. Knows neither torch nor Qt."""

from napari_alnt.data.atomic import save_array, sha256, write_atomic, write_bytes, write_text
from napari_alnt.data.case import Case, CaseFiles, Role, Status
from napari_alnt.data.formats import FORMATS, Format, OnDisk
from napari_alnt.data.label_store import LabelVersion, mask_dice
from napari_alnt.data.project import Project
from napari_alnt.data.run_store import LedgerEntry, Run
from napari_alnt.data.sources import from_datalist, from_nnunet, from_patterns, nnunet_labels
from napari_alnt.data.volume import (
    Grid,
    Volume,
    read_grid,
    read_labels,
    read_volume,
    write_image,
    write_labels,
    write_map,
)

__all__ = [
    "FORMATS", "Case", "CaseFiles", "Format", "Grid", "LabelVersion", "LedgerEntry", "OnDisk", "Project", "Role", "Run",
    "Status", "Volume", "from_datalist", "from_nnunet", "from_patterns", "mask_dice", "nnunet_labels", "read_grid",
    "read_labels", "read_volume", "save_array", "sha256", "write_atomic", "write_bytes", "write_image", "write_labels",
    "write_map", "write_text",
]  # fmt: skip
