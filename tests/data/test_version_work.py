"""What versions changed is kept in the table."""

from __future__ import annotations

import pytest

from napari_alnt.data import Project
from napari_alnt.data.table import put
from napari_alnt.data.version_work import KEY, save_work, saved_work


def test_work_is_kept_beside_what_was_kept_before(balls):
    with Project.open(balls.folder) as project:
        assert saved_work(project) == {}
        save_work(project, {"teacher:aa": (2, 3, 1.5)})
        save_work(project, {"1:bb": (1, 1, 0.5)})
    with Project.open(balls.folder, write=False) as project:
        assert saved_work(project) == {"teacher:aa": (2, 3, 1.5), "1:bb": (1, 1, 0.5)}


@pytest.mark.parametrize(
    "value",
    ["{", "[1]", "null", '{"a": 3}', '{"a": [1, 2]}', '{"a": [1, 2, -1]}', '{"a": [1, 2, "3"]}',
     '{"a": [1, 2, NaN]}', '{"a": [1, true, 3]}'],
)  # fmt: skip
def test_what_is_no_work_is_left_out(balls, value):
    with Project.open(balls.folder) as project:
        with project.change() as table:
            put(table, "meta", key=KEY, value=value)
        assert saved_work(project) == {}
