"""The large cases are files as a scanner's, made of few parts."""

import numpy as np
from benchmark.window_project import BLOCK, Sizes, make_project

from napari_alnt.data import Project


def test_a_project_of_large_and_small_cases_is_made_once(tmp_path):
    sizes = Sizes(large=2, small=6, shape=(40, 36, 25))
    folder = make_project(tmp_path, sizes)
    table = folder / "alnt.sqlite"
    made = table.stat().st_mtime_ns
    assert make_project(tmp_path, sizes) == folder
    assert table.stat().st_mtime_ns == made
    with Project.open(folder, write=False) as project:
        case = project.case("large_1")
        assert (case.shape, case.role) == ((25, 36, 40), "pool")
        image = project.image(case).voxels
        teacher = project.teacher(case)
        assert image.dtype == np.int16
        assert np.array_equal(image[:BLOCK], image[BLOCK : 2 * BLOCK])  # packed once
        assert set(np.unique(teacher.voxels)) == {0, 1, 2}
        roles = [one.role for one in project.cases if one.name.startswith("small")]
        assert sorted(roles) == ["pool", "reference", "reference", "reference", "test", "test"]
