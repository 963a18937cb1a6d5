"""Each harness with a small count, and what runs them."""

from __future__ import annotations

import itertools
import json

import nibabel
import numpy as np
import pytest

from napari_alnt.data.images import nifti_header, volume
from napari_alnt.errors import AlntError
from robustness import __main__ as commands
from robustness import bombs, fuzz, geometry, harnesses, mutants, readme, results
from robustness.result import KEPT, Failure, Result, Tally
from robustness.running import Run

SMALL = [
    ("geometry", 0, 60),
    ("fuzz", 0, 150),
    ("bombs", list(bombs.BOMBS).index("a sparse header file of 2 GB"), 1),
    ("bombs", len(bombs.BOMBS), len(bombs.LABELS)),
    ("strokes", 0, 2),
    ("undo", 0, 20),
    ("mutants", list(mutants.MUTANTS).index("rounded far"), 1),
]
"""Attempts in the tests, for harnesses that have their test here: name, first, count."""


@pytest.mark.parametrize(("name", "first", "count"), SMALL)
def test_a_few_attempts_fail_in_no_way(name, first, count):
    done = harnesses.attempt(name, count, 7, first)
    assert done.tried == count
    assert not done.failed, done.first


def test_geometry_notices_labels_that_are_saved_elsewhere(monkeypatch):
    monkeypatch.setattr(volume, "_to_disk_axes", lambda voxels, _: voxels.T[::-1])
    failures = harnesses.attempt("geometry", 48, 0, 0).failures
    # mostly the shape is another already, which the product itself refuses
    assert failures["other values"] > 5
    assert sum(failures.values()) > 40


def test_geometry_notices_a_lost_field_and_a_kept_text(monkeypatch):
    monkeypatch.setattr(nifti_header, "GEOMETRY", ("pixdim", "srow_x"))
    assert harnesses.attempt("geometry", 30, 0, 0).failed == 30
    kept = (*geometry.FIELDS, "descrip")
    monkeypatch.setattr(nifti_header, "GEOMETRY", kept)
    assert harnesses.attempt("geometry", 30, 0, 0).failures["texts kept"] == 30


def test_fuzz_notices_a_grid_that_cannot_be_and_an_error_of_no_type(monkeypatch):
    monkeypatch.setattr(volume, "require_place", lambda *_: None)
    assert harnesses.attempt("fuzz", 300, 0, 0).failures["bad grid"] > 5
    monkeypatch.setattr(fuzz, "READERS", (lambda path: volume.read_grid(nibabel.load(path)),))
    assert harnesses.attempt("fuzz", 30, 0, 0).failures["untyped"] == 30


@pytest.mark.parametrize("name", mutants.MUTANTS)
def test_the_text_that_a_mutant_changes_is_there(name):
    mutant = mutants.MUTANTS[name]
    path = mutants.ROOT / "napari_alnt" / "data" / f"{mutant.file}.py"
    assert path.read_text("utf-8").count(mutant.old) == 1
    for test in mutant.tests:
        assert mutants.test_file(mutants.ROOT, test).exists()


def test_a_full_run_tries_every_bomb_and_every_mutant():
    assert harnesses.HARNESSES["bombs"].count == len(bombs.BOMBS) + len(bombs.LABELS)
    assert harnesses.HARNESSES["mutants"].count == len(mutants.MUTANTS)


def test_the_geometries_are_all_tried():
    rng = np.random.default_rng(0)
    made = [geometry.Source.of(index, rng) for index in range(4800)]
    found = {(one.order, one.signs, one.tilt, one.qform, one.sform) for one in made}
    assert len(found) == 48 * 4 * 5 * 5


# what runs them -----------------------------------------------------------------------------------


@pytest.fixture
def toy(monkeypatch):
    """A harness whose attempts fail at every tenth index."""

    def run(name, count, seed, first):
        tally = Tally(seed, ["broken", "lost"])
        for index in range(first, first + count):
            tally.tried()
            tally.count("odd", index % 2)
            if index % 10 == 0:
                tally.fail("broken", index, f"at {index}")
        return tally.result()

    monkeypatch.setattr("robustness.running.attempt", run)
    monkeypatch.setitem(harnesses.HARNESSES, "toy", harnesses.Harness("Toy?", 50, 7))


def test_a_run_in_slices_has_the_counts_of_one_run(toy, tmp_path):
    done = Run("toy", 50, seed=3, path=tmp_path / "toy.json").make(Result(), print)
    assert (done.tried, done.failures, done.counted) == (50, {"broken": 5, "lost": 0}, {"odd": 25})
    assert [one.index for one in done.first] == [0, 10, 20, 30, 40]
    row = results.read(tmp_path / "toy.json")
    assert (row["harness"], row["count"], row["seed"]) == ("toy", 50, 3)
    assert Result.of(row) == done


def test_a_run_that_was_broken_off_is_taken_up(toy, tmp_path):
    path = tmp_path / "toy.json"
    part = next(iter(Run("toy", 50, path=path)._parts(0)))
    results.write(path, "toy", 50, 0, part)
    run = Run("toy", 50, path=path)
    assert run.earlier().tried == 7
    assert run.make(run.earlier(), print) == Run("toy", 50).make(Result(), print)
    with pytest.raises(AlntError, match="seed 0"):
        Run("toy", 50, seed=1, path=path).earlier()


def test_the_results_name_no_host_and_no_folder(toy, tmp_path):
    Run("toy", 5, path=tmp_path / "toy.json").make(Result(), print)
    row = json.loads((tmp_path / "toy.json").read_text())
    assert set(row["machine"]) >= {"cpus", "python", "nibabel", "SimpleITK"}
    assert str(tmp_path) not in json.dumps(row)


def test_a_command_says_how_to_repeat_each_failure(toy, tmp_path, capsys):
    assert commands.main(["toy", "--count", "5", "--out", str(tmp_path)]) == 1
    assert "toy --seed 0 --first 0 --count 1" in capsys.readouterr().out
    assert commands.main(["toy", "--first", "3", "--count", "2", "--out", str(tmp_path)]) == 0
    assert results.read(tmp_path / "toy.json")["tried"] == 5
    assert commands.main(["nothing"]) == 1
    assert "geometry" in capsys.readouterr().err


def test_only_the_first_failures_are_kept_and_all_are_counted():
    tally = Tally(0, ["broken"])
    for index in range(2 * KEPT):
        tally.fail("broken", index)
    both = tally.result() + tally.result()
    assert both.failures == {"broken": 4 * KEPT}
    assert both.first == tuple(Failure("broken", 0, index, "") for index in range(KEPT))


def test_the_readme_has_the_table_of_the_results():
    for path, text in ((readme.README, readme.table()), (readme.MAIN, readme.summary())):
        assert text in path.read_text("utf-8"), "run: python tests/robustness readme"


@pytest.mark.parametrize("path", sorted(results.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_results_that_are_kept_have_no_failure(path):
    row = results.read(path)
    assert path.stem == row["harness"]
    assert path.stem in harnesses.HARNESSES
    assert not Result.of(row).failed, row["first"]
    assert row["first"] == []


def test_every_harness_is_in_the_folder_and_a_name_is_never_two_words():
    for name, other in itertools.product(harnesses.HARNESSES, repeat=2):
        assert name == other or not name.startswith(other)
