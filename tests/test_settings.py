"""Settings refuse what they cannot mean, and read what an earlier napari-alnt has written."""

import dataclasses
import json
import math
from typing import get_args

import pytest

from napari_alnt.core import NETWORKS
from napari_alnt.errors import AlntError
from napari_alnt.ranking import RANKINGS
from napari_alnt.settings import HINTS, Network, Settings, Weighting, choices


def test_settings_survive_json():
    settings = Settings(spacing=(3.0, 1.5, 1.5), patch=(32, 48, 48), mu=0)
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize("item", dataclasses.fields(Settings), ids=lambda item: item.name)
def test_every_setting_has_help_and_refuses_what_is_out_of_range(item):
    assert item.metadata["help"].endswith(".")
    if choices(HINTS[item.name]):
        with pytest.raises(AlntError, match=item.name):
            Settings(**{item.name: "something else"})
    elif (low := item.metadata["low"]) is not None:
        wrong = low - 1
        number = (
            type(item.default)(wrong) if isinstance(item.default, (int, float)) else (wrong,) * 3
        )
        with pytest.raises(AlntError, match=item.name):
            Settings(**{item.name: number})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"bach": 3}, "did you mean 'batch'"),
        ({"batch": 1.5}, "whole number"),
        ({"batch": True}, "whole number"),
        ({"patch": [32, 32]}, "3 numbers"),
        ({"mu": math.nan}, "number"),
        ({"augment": "yes"}, "true or false"),
    ],
)
def test_wrong_settings_are_explained_in_one_sentence(values, words):
    with pytest.raises(AlntError, match=words) as caught:
        Settings.from_dict(values)
    assert "\n" not in str(caught.value)


def test_the_networks_of_the_settings_are_those_there_are():
    assert get_args(Network) == tuple(NETWORKS)
    assert set(NETWORKS) <= set(choices(HINTS["network"]))


def test_the_rankings_of_the_settings_are_those_there_are():
    assert choices(HINTS["ranking"])[: len(RANKINGS)] == tuple(RANKINGS)


def test_weighting_is_a_part_of_the_settings():
    settings = Settings(method="RGS", trust_share=0.25, trust_measure="dot", scope="all", mu=2)
    assert settings.weighting == Weighting("RGS", 0.25, "dot", "all", 2)
    with pytest.raises(TypeError):
        Weighting()


def test_retired_names_and_choices_are_read_from_a_file():
    settings, notices = Settings.from_file({"at_once": 2, "similarity": "path", "unknown": 9})
    assert notices == ()
    assert (settings.micro_batch, settings.trust_measure, settings.ignore_label) == (
        2,
        "loss_rank",
        9,
    )
    with pytest.raises(AlntError, match="at_once"):
        Settings.from_dict({"at_once": 2})


def test_what_a_file_says_that_is_not_known_is_a_notice_and_the_default_stays():
    settings, notices = Settings.from_file({"flux": 1, "batch": 0, "method": "MAGIC", "epochs": 3})
    assert settings == Settings(epochs=3)
    assert [
        word for word in ("flux", "batch", "method") if not any(word in n for n in notices)
    ] == []


def test_all_settings_survive_a_file():
    settings = Settings(spacing=(3.0, 1.5, 1.5), ranking="loss", mu=0.5)
    assert Settings.from_file(json.loads(json.dumps(settings.to_dict()))) == (settings, ())
