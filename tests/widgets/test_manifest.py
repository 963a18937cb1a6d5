"""What napari finds of the plugin: readers, writer, samples, menu, and a project named on the
command line.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from npe2 import PluginManager, PluginManifest

import napari_alnt
from napari_alnt._reader import get_image_reader, get_project_reader
from napari_alnt._writer import write_labels_layer

MANIFEST = Path(napari_alnt.__file__).with_name("napari.yaml")

SCRIPT = """
import sys
from pathlib import Path
from npe2 import PluginManager, PluginManifest
if "napari-alnt" not in PluginManager.instance():
    PluginManager.instance().register(PluginManifest.from_file(sys.argv.pop(1)))
else:
    sys.argv.pop(1)
import napari.__main__
from qtpy.QtCore import QTimer
viewer = napari.__main__._build_viewer()
from napari_alnt.widgets import AnnotationLoop
docks = [d for d in viewer.window.dock_widgets.values() if isinstance(d, AnnotationLoop)]
print(len(docks), docks[0].session.project.folder if docks else "", flush=True)
QTimer.singleShot(200, viewer.close)
napari.run()
"""


def test_the_manifest_is_valid():
    subprocess.run(
        [sys.executable, "-m", "npe2", "validate", str(MANIFEST)], check=True, capture_output=True
    )
    assert PluginManifest.from_file(MANIFEST).name == "napari-alnt"


@pytest.mark.parametrize(
    ("name", "extra"),
    [("", ("--plugin", "napari-alnt")), ("alnt.sqlite", ())],
    ids=["folder", "table"],
)
def test_napari_opens_a_project_from_the_command_line(balls, qapp, name, extra):
    command = [sys.executable, "-c", SCRIPT, str(MANIFEST), str(balls.folder / name), *extra]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", str(balls.folder)], done.stderr


def test_only_projects_are_read_as_projects(balls, tmp_path):
    assert get_project_reader(str(balls.folder)) is not None
    assert get_project_reader(str(balls.folder / "alnt.sqlite")) is not None
    assert get_project_reader(str(tmp_path)) is None
    assert get_project_reader([str(balls.folder)]) is None


def test_an_image_read_and_its_labels_written_lie_on_the_same_grid(balls, tmp_path):
    path = next((balls.folder.parent / "files").glob("*_image.nii.gz"))
    ((voxels, options, kind),) = get_image_reader(str(path))(str(path))
    assert kind == "image"
    labels = (voxels > -300).astype(np.int64)
    saved = write_labels_layer(
        str(tmp_path / "mask.nii.gz"), labels, {"metadata": options["metadata"]}
    )
    source, mask = nib.load(path), nib.load(saved[0])
    np.testing.assert_array_equal(mask.affine, source.affine)
    np.testing.assert_array_equal(np.asarray(mask.dataobj), np.asarray(source.dataobj) > -300)
    assert np.issubdtype(mask.get_data_dtype(), np.integer)


def test_labels_from_elsewhere_keep_scale_and_place(tmp_path):
    meta = {"scale": (3.0, 2.0, 1.0), "translate": (30.0, 20.0, 10.0), "metadata": {}}
    path = str(tmp_path / "mask.nii.gz")
    write_labels_layer(path, np.ones((2, 3, 4), np.uint8), meta)
    ((_, options, _),) = get_image_reader(path)(path)
    assert options["scale"] == (3.0, 2.0, 1.0)
    assert options["translate"] == (30.0, 20.0, 10.0)


@pytest.fixture
def viewer(make_napari_viewer):
    """A napari that knows the plugin."""
    made = make_napari_viewer(show=True)
    if "napari-alnt" not in PluginManager.instance():
        pytest.skip("napari-alnt is not installed: pip install -e .")
    return made


def test_the_plugin_stands_in_napari_with_dock_and_sample(viewer):
    layers = viewer.open_sample("napari-alnt", "synthetic_case")
    assert [layer.name for layer in layers] == ["synthetic CT", "truth", "teacher"]
    assert len({layer.data.shape for layer in layers}) == 1
    _, widget = viewer.window.add_plugin_dock_widget("napari-alnt", "Annotation loop")
    assert type(widget).__name__ == "AnnotationLoop"
    widget.shutdown()


def test_the_menu_item_opens_the_form_in_the_one_dock(viewer, qtbot):
    from napari_alnt.widgets.start.new_project import NewProject

    for _ in range(2):
        viewer.window.add_plugin_dock_widget("napari-alnt", "New project")
        qtbot.waitUntil(
            lambda: bool(viewer.window._qt_window.findChildren(NewProject)), timeout=5000
        )
        for dialog in viewer.window._qt_window.findChildren(NewProject):
            dialog.reject()
        qtbot.waitUntil(lambda: not viewer.window._qt_window.findChildren(NewProject), timeout=5000)
    (loop,) = viewer.window.dock_widgets.values()
    assert type(loop).__name__ == "AnnotationLoop"
    loop.shutdown()
