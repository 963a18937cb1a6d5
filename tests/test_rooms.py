"""The doors between the rooms open one way, and the window's process never loads torch."""

import subprocess
import sys

from importlinter.cli import lint_imports


def test_imports_go_one_way():
    assert lint_imports() == 0


def test_session_and_command_line_load_neither_torch_nor_qt():
    probe = (
        "import sys, napari_alnt.session, napari_alnt.cli;"
        "print([name for name in ('torch', 'monai', 'napari', 'qtpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
