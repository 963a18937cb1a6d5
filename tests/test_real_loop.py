"""The loop on real CT, in its short form; ``tests/real_loop.py`` is the long one."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "shared" / "data"


def load() -> object:
    spec = importlib.util.spec_from_file_location("real_loop", HERE / "real_loop.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["real_loop"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not DATA.exists(), reason="real volumes are not here (../shared/data)")
@pytest.mark.parametrize(("task", "cli"), [("head_and_neck", False), ("covid", True)])
def test_the_stages_run_on_real_ct(task, cli, tmp_path):
    loop = load()
    stages = loop.run(
        loop.quick(loop.TASKS[task](DATA)),
        tmp_path / "loop",
        loop.ByCommands if cli else loop.ByApi,
        corrections=1,
    )
    assert [stage["stage"].split(",")[0] for stage in stages][-3:] == ["train", "rank", "train on"]
    assert all(math.isfinite(stage["dice"]) for stage in stages)
