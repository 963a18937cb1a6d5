"""An open project: who writes, and what is said of a table that something else has changed."""

from __future__ import annotations

import pytest

from napari_alnt.data import TABLE, Project
from napari_alnt.data.open_folder import OpenFolder
from napari_alnt.data.table import Table
from napari_alnt.errors import ReadOnly


def test_only_the_one_that_writes_can_change(balls):
    opened = OpenFolder(balls.folder, Table(balls.folder / TABLE, write=False), None)
    assert (opened.name, opened.writable) == ("project", False)
    with pytest.raises(ReadOnly, match="open read-only"), opened.change():
        pass
    opened.close()


@pytest.mark.parametrize("write", [True, False])
def test_a_table_that_something_else_changed_is_said_at_opening(balls, write):
    Project.open(balls.folder).close()
    path = balls.folder / TABLE
    content = bytearray(path.read_bytes())
    content[content.rindex(b"ball_05")] ^= 1
    path.write_bytes(content)
    with Project.open(balls.folder, write=write) as project:
        assert "verify" in project.notices[0]
    # once it has been written to it is as this process left it; verify still knows
    with Project.open(balls.folder) as project:
        assert bool(project.notices) != write
