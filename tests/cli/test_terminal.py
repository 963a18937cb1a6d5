"""What a job looks like in a terminal or a pipe, and how it is stopped."""

from __future__ import annotations

import io
import json
import math
import re
import signal
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest
from cli.shell import json_lines, run
from rich.console import Console
from rich.progress import Progress

from napari_alnt import events as ev
from napari_alnt.cli.terminal import Bars, RunFailed, Terminal
from napari_alnt.data import TABLE
from napari_alnt.session import Session

NAMES = ("hippocampus_[left]_001_baseline", "hippocampus_[left]_002_baseline", "[bold]:smile:[/x]")
ROWS = [
    {"case": name, "status": "accepted", "trust": 0.5, "mean_loss": math.nan, "no_value": None}
    for name in NAMES
]
STARTED = ev.Started(3, "cpu", "unet_small", 1_250_000, 0, 4, pool=9, experts=2, test=1)


class Screen(Terminal):
    """A terminal of some width that keeps what it shows."""

    def __init__(self, width: int = 80, json: bool = False) -> None:
        self.file = io.StringIO()
        super().__init__(
            json,
            Console(
                file=self.file,
                width=width,
                force_terminal=True,
                color_system=None,
                highlight=False,
                markup=False,
                emoji=False,
            ),
        )

    @property
    def text(self) -> str:
        """What is on the screen, without the commands that move the cursor."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.file.getvalue())


# tables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [200, 80, 30])
def test_names_are_never_cut_and_brackets_stay(width):
    screen = Screen(width)
    screen.table("Queue", "QueueRow", ROWS)
    lines = screen.text.splitlines()
    for name in NAMES:
        (line,) = (line for line in lines if line.startswith(name))
        assert line.split()[1:] == ["accepted", "0.500", "–", "–"]
    assert "…" not in screen.text


def test_in_a_pipe_names_and_headings_are_whole(capsys):
    Terminal().table("Queue", "QueueRow", ROWS, {"trust": "Trust of the case"})
    out = capsys.readouterr().out
    assert all(name in out for name in NAMES)
    assert "Trust of the case" in out
    assert "mean loss" in out
    assert "\x1b" not in out


def test_in_a_narrow_terminal_the_headings_give_way():
    wide, narrow = Screen(200), Screen(80)
    rows = [{"case": name, "a heading of many words indeed": 1, **ROWS[0]} for name in NAMES]
    for screen in (wide, narrow):
        screen.table("Queue", "QueueRow", rows)
    assert max(map(len, wide.text.splitlines())) > 80
    assert max(map(len, narrow.text.splitlines())) <= 80


def test_rows_are_json_objects_with_their_kind():
    screen = Screen(json=True)
    screen.table("Queue", "QueueRow", ROWS, {"trust": "Trust"})
    screen.fact("A sentence.", "Fact", {"part": math.inf, "cases": ("a", "b")})
    screen.say("for people")
    rows = json_lines(screen.file.getvalue())
    assert [row["kind"] for row in rows] == ["QueueRow"] * 3 + ["Fact"]
    assert rows[0] == {"kind": "QueueRow", **ROWS[0], "mean_loss": None}
    assert rows[3] == {"kind": "Fact", "part": None, "cases": ["a", "b"]}


def test_a_table_without_rows_is_not_shown():
    screen = Screen()
    screen.table("Queue", "QueueRow", [])
    assert screen.text == ""


def test_sentences_keep_brackets_and_are_not_broken():
    screen = Screen(width=40)
    sentence = "Case '[red]x' was left out, and this line is longer than the terminal is wide."
    screen.say(sentence)
    screen.fact(sentence, "Fact", {})
    assert screen.text.splitlines() == [sentence, sentence]


# what is said of a project, and of an error -----------------------------------------------------


def test_what_is_strange_about_a_project_is_told_on_standard_error(balls, capsys):
    table = sqlite3.connect(balls.folder / TABLE)
    (values,) = table.execute("SELECT value FROM meta WHERE key = 'settings'").fetchone()
    changed = json.dumps({**json.loads(values), "[new]_setting": 1})
    table.execute("UPDATE meta SET value = ? WHERE key = 'settings'", (changed,))
    table.commit()
    table.close()
    assert run("status", balls.folder, "--json") == 0
    said = capsys.readouterr()
    assert "'[new]_setting' is not known" in said.err
    assert json_lines(said.out)


def test_an_error_is_a_line_for_people_and_an_object_for_programs(capsys):
    Terminal().error("Mask '[a].nii.gz' is empty.", 1)
    assert capsys.readouterr().err == "Mask '[a].nii.gz' is empty.\n"
    Terminal(json=True).error("It broke.", 3)
    said = capsys.readouterr()
    assert said.err == ""
    assert json_lines(said.out) == [{"kind": "Error", "message": "It broke.", "code": 3}]


# jobs ---------------------------------------------------------------------------------------------


def follow(screen, *events):
    return screen.follow(SimpleNamespace(engine=None), iter(events))


def test_a_job_leaves_its_lines_on_the_screen():
    screen = Screen()
    end = follow(
        screen,
        STARTED,
        ev.StepDone(1, 1, 0.25, 0.3, 1e-3, seconds_left=61),
        ev.SampleDropped(2, "[a]", "its loss is not finite"),
        ev.Tested(2, 1, 0.5, math.nan),
        ev.ExpertsChanged(2, ("[b]",)),
        ev.Warned("The disk is nearly full."),
        ev.Stalled(600.0),
        ev.Finished(4, "done"),
    )
    assert end == ev.Finished(4, "done")
    lines = [line.strip() for line in screen.text.splitlines()]
    for line in [
        "Run 3: unet_small, 1.25 M parameters, on cpu; 9 in the pool, 2 expert, 1 test.",
        "step 2: a sample of '[a]' was left out: its loss is not finite",
        "step 2: test Dice 0.500, HD95 – mm",
        "epoch 2: taken up as expert: [b]",
        "The disk is nearly full.",
    ]:
        assert line in lines
    assert "said nothing for 10 minutes" in screen.text


def test_a_bar_shows_how_far_each_stage_is():
    screen = Screen(width=120)
    follow(
        screen,
        STARTED,
        ev.StepDone(2, 1, 0.25, 0.3, 1e-3, seconds_left=61),
        ev.Progress("ranking", 1, 9, 5.0),
        ev.Finished(4, "done"),
    )
    last = screen.text.splitlines()[-2:]
    assert re.match(r"training .* 2/4 .*1:01 left *loss 0.250", last[0])
    assert re.match(r"ranking .* 1/9 .*0:05 left", last[1])


def test_a_stage_that_comes_again_has_one_bar_with_its_clock_anew():
    screen = Screen()
    bars = Bars(Progress(console=screen.console, disable=True), screen)
    seen = []
    for done in (0, 1, 2, 0, 1):
        bars.show(ev.Progress("ranking", done, 2, 1.0))
        (task,) = bars.progress.tasks
        assert (task.description, task.completed, task.total) == ("ranking", done, 2)
        seen.append(task.id)
    assert len(set(seen[:3])) == len(set(seen[3:])) == 1
    assert seen[0] != seen[3]


def test_in_a_pipe_there_are_no_bars(capsys):
    follow(Terminal(), STARTED, ev.Progress("ranking", 1, 9, 5.0), ev.Finished(4, "done"))
    out = capsys.readouterr().out
    assert out.startswith("Run 3: ")
    assert "ranking" not in out


def test_in_json_every_event_is_a_line_and_nothing_else_is():
    screen = Screen(json=True)
    follow(screen, STARTED, ev.Warned("Look out."), ev.Finished(4, "done"))
    kinds = [line["kind"] for line in json_lines(screen.file.getvalue())]
    assert kinds == ["Started", "Warned", "Finished"]


def test_a_failure_is_the_commands_error_and_said_once():
    screen = Screen()
    with pytest.raises(RunFailed, match="Memory ran out"):
        follow(screen, STARTED, ev.Failed("Memory ran out."))
    assert "Memory" not in screen.text


def test_a_job_that_ends_without_a_last_event_counts_as_stopped():
    assert follow(Screen(), STARTED).reason == "stopped"


def test_the_first_ctrl_c_asks_and_the_second_interrupts():
    sent = []
    session = SimpleNamespace(engine=SimpleNamespace(send=sent.append))
    screen = Screen()
    before = signal.getsignal(signal.SIGINT)

    def events():
        signal.raise_signal(signal.SIGINT)
        yield STARTED
        assert signal.getsignal(signal.SIGINT) == before
        yield ev.Finished(1, "stopped")

    assert screen.follow(session, events()).reason == "stopped"
    assert sent == [ev.Command("stop")]
    assert "Stopping after this step" in screen.text
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_stops_after_the_step_and_keeps_the_run(balls):
    words = [
        sys.executable,
        "-m",
        "napari_alnt",
        "train",
        str(balls.folder),
        "--json",
        "--epochs",
        "50",
    ]
    steps = []
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            event = json.loads(line)
            if event["kind"] == "StepDone":
                steps.append(event["step"])
                if event["step"] == 4:
                    child.send_signal(signal.SIGINT)
    assert child.returncode == 0
    assert steps[-1] < 150
    with Session.open(balls.folder) as session:
        run = session.project.runs.all[-1]
        assert (run.state, run.step) == ("stopped", steps[-1])
