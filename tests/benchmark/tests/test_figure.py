"""The figure names all that it shows, once, and no colour has two meanings."""

import builtins

import pytest
from benchmark.figure import BOUNDS, DATASETS, OTHER_DATASET, STRATEGIES, draw
from benchmark.tests.examples import row

from napari_alnt.errors import AlntError


@pytest.fixture
def rows():
    found = [
        row("detection", name, auroc=value) for name, value in (("alnt", 0.9), ("random", 0.5))
    ]
    for seed in range(3):
        for method, dice in (("default", 0.8), ("UNIFORM", 0.7)):
            cases = {"p": dice, "q": dice - 0.1 * seed}
            found.append(row("train", method, seed=seed, dice=dice, cases=cases))
    for strategy, end in (("all", 0.9), ("none", 0.6), ("alnt", 0.8), ("foreground_random", 0.7)):
        found.append(row("loop", strategy, curve=[[0, 0.0, 0.5], [3, 5.0, end]]))
    return found


def test_everything_shown_is_named_once(rows, tmp_path):
    draw(rows, tmp_path / "figure.svg")
    text = (tmp_path / "figure.svg").read_text()
    named = (
        "planted noise",
        "natural noise",
        "mean",
        "foreground random",
        "all corrected, at the end",
    )
    for word in (*named, "Finding wrong masks", "a, planted", "UNIFORM"):
        assert text.count(f"<!-- {word} -->") == 1, word


def test_a_figure_without_loops_has_no_room_for_them(rows, tmp_path):
    draw([one for one in rows if one["part"] != "loop"], tmp_path / "figure.svg")
    assert "simulated minutes" not in (tmp_path / "figure.svg").read_text()


def test_no_colour_has_two_meanings():
    datasets = [*DATASETS.values(), OTHER_DATASET]
    strategies = [style["color"] for style in STRATEGIES.values()]
    assert len({*datasets, *strategies}) == len(datasets) + len(strategies)
    assert not {style["color"] for style in BOUNDS.values()} & {*datasets, *strategies}


def test_without_matplotlib_the_way_on_is_said(rows, tmp_path, monkeypatch):
    found = builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return found(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(AlntError, match="pip install matplotlib"):
        draw(rows, tmp_path / "figure.svg")
