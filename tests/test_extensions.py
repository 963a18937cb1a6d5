"""A network and a ranking of somebody else's package are used without a fork."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_alnt import extensions
from napari_alnt.errors import AlntError

MODULE = """
import torch
from torch import nn
from napari_alnt.core import Builder

def tiny(classes):
    first, last = nn.Conv3d(1, 4, 3, padding=1), nn.Conv3d(4, classes, 1)
    layers = [first, nn.BatchNorm3d(4), nn.PReLU(), last]
    return nn.Sequential(*layers)

tiny_net = Builder(tiny, 1)
flat_net = Builder(lambda classes: nn.Flatten(), 1)
no_builder = "a word"

def last_first(scores):
    return [float(len(name) + int(name[-1])) for name in scores.cases]

def too_short(scores):
    return last_first(scores)[1:]
"""
POINTS = """
[napari_alnt.networks]
tiny_net = tiny_alnt:tiny_net
flat_net = tiny_alnt:flat_net
no_builder = tiny_alnt:no_builder
not_there = tiny_alnt:nothing

[napari_alnt.rankings]
last_first = tiny_alnt:last_first
too_short = tiny_alnt:too_short
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with a small installed package, as pip leaves it."""
    site = tmp_path / "site"
    info = site / "tiny_alnt-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "tiny_alnt.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-alnt\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(POINTS)
    return site


def run(site: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """One command of napari-alnt where that package is installed."""
    command = [sys.executable, "-m", "napari_alnt", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_network_of_another_package_trains_and_a_ranking_sorts(installed, balls):
    trained = run(
        installed, "train", balls.folder, "--network", "tiny_net", "--ranking", "last_first"
    )
    assert trained.returncode == 0, trained.stderr
    assert "batch normalisation" in trained.stdout.lower()
    listed = run(installed, "status", balls.folder, "--json")
    assert listed.returncode == 0, listed.stderr
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    queue = [row["case"] for row in rows if row.get("kind") == "QueueRow"]
    assert queue == ["ball_07", "ball_06", "ball_05", "ball_04"]
    helped = run(installed, "train", "--help").stdout
    assert "tiny_net" in helped
    assert "last_first" in helped


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--network", "flat_net"), "flat_net"),
        (("--network", "no_builder"), "no_builder"),
        (("--network", "not_there"), "not_there"),
        (("--ranking", "too_short"), "too_short"),
    ],
)
def test_what_does_not_fit_is_refused_with_one_sentence(installed, balls, words, sentence):
    refused = run(installed, "train", balls.folder, *words)
    assert refused.returncode != 0
    said = refused.stderr.strip().splitlines()[-1]
    assert sentence in said
    assert said.endswith(".")
    assert "Traceback" not in refused.stderr


def test_what_is_not_installed_is_named():
    with pytest.raises(AlntError, match=r"'by_smell'.*napari_alnt\.rankings"):
        extensions.load(extensions.RANKINGS, "by_smell")
    assert extensions.names("napari_alnt.smells") == ()


def test_without_that_package_its_project_opens_with_a_notice(installed, balls):
    assert run(installed, "train", balls.folder, "--network", "tiny_net").returncode == 0
    opened = run(balls.folder, "status", balls.folder)
    assert opened.returncode == 0
    assert "tiny_net" in opened.stderr
