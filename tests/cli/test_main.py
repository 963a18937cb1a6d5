"""The words of the command line: commands, options, the project among them, and exit codes."""

from __future__ import annotations

import dataclasses

import pytest
from cli.shell import fingerprint, json_lines, one_sentence, run

from napari_alnt import __version__
from napari_alnt.cli import main as entry
from napari_alnt.cli.commands import Rank, Teach, Train
from napari_alnt.cli.main import COMMANDS, _default, _parse
from napari_alnt.cli.terminal import RunFailed
from napari_alnt.data import Project
from napari_alnt.session import Session
from napari_alnt.settings import Settings


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stop:
        run(command, "--help")
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert f"napari-alnt {command}" in text
    if command in ("new", "teach", "train"):
        assert all(
            f"--{item.name.replace('_', '-')}" in text for item in dataclasses.fields(Settings)
        )


def test_options_may_come_before_the_project(balls):
    assert run("train", "--epochs", "1", balls.folder) == 0
    with Session.open(balls.folder, write=False) as session:
        assert session.project.settings.epochs == 1
        assert session.project.settings.patch == (16, 16, 16)


def test_words_that_are_not_known(balls, capsys):
    before = fingerprint(balls.folder)
    assert run("train", balls.folder, "--epoch", "3") == 1
    assert "--epochs" in capsys.readouterr().err
    assert run("train", balls.folder, "--trust-share", "7") == 1
    said = capsys.readouterr().err.strip()
    assert "trust_share" in said
    assert "between 0 and 1" in said
    assert run("trian", balls.folder) == 2
    assert run("accept", balls.folder, "ball_99", "--confirm") == 1
    assert "ball_99" in capsys.readouterr().err
    assert run("status", balls.folder.parent) == 1
    assert fingerprint(balls.folder) == before


def test_the_list_of_commands_has_one_line_for_each(capsys):
    for words in ([], ["--help"], ["help"]):
        assert run(*words) == 0
        lines = capsys.readouterr().out.strip().splitlines()
        assert [line.split()[0] for line in lines[2:]] == list(COMMANDS)
    assert run("--version") == 0
    assert capsys.readouterr().out == f"napari-alnt {__version__}\n"


def test_a_command_that_does_not_exist_lists_those_that_do(capsys):
    assert run("trian") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "no command 'trian'" in said.err
    assert "  train " in said.err


@pytest.mark.parametrize("command", ["teach", "train"])
def test_the_projects_settings_are_the_defaults(command, balls, capsys):
    with Project.open(balls.folder) as project:
        project.save_settings(dataclasses.replace(project.settings, steps_per_epoch=17))
    assert _parse(command, [str(balls.folder)]).settings.steps_per_epoch == 17
    given = _parse(command, ["--steps-per-epoch", "9", str(balls.folder)])
    assert (given.settings.steps_per_epoch, given.settings.epochs) == (9, 2)
    with pytest.raises(SystemExit):
        run(command, balls.folder, "--help")
    assert "17" in capsys.readouterr().out


def test_the_project_is_the_first_word_that_is_no_options_value(balls, new_balls, tmp_path):
    """Another project that is given to an option is not taken for the project."""
    other = new_balls(pool=1, experts=2).folder
    with Project.open(other) as project:
        project.save_settings(dataclasses.replace(project.settings, epochs=77))
    words = ["--folder", str(other), str(balls.folder)]
    assert _default(Teach, words).settings.epochs == 2
    command = _parse("teach", words)
    assert (command.project, command.folder) == (balls.folder, str(other))
    assert _default(Train, [str(tmp_path / "nowhere")]) is None
    assert _default(Train, ["--epochs", "3"]) is None
    assert _default(Rank, [str(balls.folder)]) is None


def test_a_project_that_lies_here_is_named_too(balls, monkeypatch, capsys):
    monkeypatch.chdir(balls.folder)
    assert _parse("train", ["."]).settings.epochs == 2
    with pytest.raises(SystemExit) as stop:
        run("train")
    assert stop.value.code == 2
    assert "project" in capsys.readouterr().err.lower()


@pytest.mark.parametrize(
    ("error", "code"),
    [(RunFailed("It broke."), 3), (KeyboardInterrupt(), 130), (BrokenPipeError(), 0)],
)
def test_how_a_command_ends_is_its_exit_code(error, code, balls, monkeypatch):
    def fail(_, project, write=True):
        raise error

    monkeypatch.setattr("napari_alnt.cli.terminal.Terminal.opened", fail)
    assert run("status", balls.folder) == code


def test_errors_are_one_object_in_json(balls, capsys):
    assert run("train", balls.folder, "--json", "--epoch", "3") == 1
    said = capsys.readouterr()
    (error,) = json_lines(said.out)
    assert said.err == ""
    assert (error["kind"], error["code"]) == ("Error", 1)
    assert "--epochs" in error["message"]
    assert one_sentence(error["message"].replace("?", "."))


def test_without_words_those_of_the_shell_are_taken(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["napari-alnt", "--version"])
    assert entry() == 0
    assert __version__ in capsys.readouterr().out


def test_a_former_option_leads_to_its_present_name(balls, capsys):
    assert run("new", balls.folder, "--unknown", "3") == 1
    assert "did you mean '--ignore-label'?" in capsys.readouterr().err


def test_what_comes_after_two_dashes_is_a_name(balls, capsys):
    assert run("accept", balls.folder, "--confirm", "--", "--json") == 1
    said = capsys.readouterr()
    assert "has no case '--json'" in said.err
    assert said.out == ""
