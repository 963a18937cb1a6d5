"""The settings as options: the same names, defaults and help, and checked as settings are."""

from __future__ import annotations

import dataclasses

import pytest
import tyro

from napari_alnt.cli.options import Flag, Form, SettingsForm, settings_of
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings


@dataclasses.dataclass(frozen=True)
class Command:
    """A command with settings."""

    settings: Form = dataclasses.field(default_factory=SettingsForm)
    fresh: Flag = False


def test_an_unchanged_form_is_the_default_settings():
    assert settings_of(SettingsForm()) == Settings()
    assert settings_of(tyro.cli(Command, args=[]).settings) == Settings()


def test_values_are_read_as_the_type_of_their_setting():
    words = ["--epochs", "3", "--mu", "0.5", "--patch", "8", "9", "10", "--spacing", "None"]
    command = tyro.cli(Command, args=[*words, "--no-augment", "--fresh"])
    settings = settings_of(command.settings)
    assert (settings.epochs, settings.mu, settings.patch) == (3, 0.5, (8, 9, 10))
    assert (settings.spacing, settings.augment, command.fresh) == (None, False, True)


def test_every_setting_is_explained_with_its_range(capsys):
    with pytest.raises(SystemExit):
        tyro.cli(Command, args=["--help"])
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for item in dataclasses.fields(Settings):
        assert f"--{item.name.replace('_', '-')}" in text
    assert "[0 … 1]" in text
    assert "--no-fresh" not in text


def test_what_the_form_lets_pass_the_settings_refuse():
    form = tyro.cli(Command, args=["--trust-share", "7"]).settings
    with pytest.raises(AlntError, match="trust_share"):
        settings_of(form)
