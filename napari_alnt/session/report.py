"""One self-contained HTML page about a project: test curve, queue, runs and settings."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

from napari_alnt import __version__
from napari_alnt.data import Role, write_text
from napari_alnt.data.paths import inside
from napari_alnt.session.dice_interval import dice_interval
from napari_alnt.session.queue import HEADINGS, QueueRow
from napari_alnt.session.session import Session

STYLE = """
body {
  font: 15px/1.5 system-ui, sans-serif; color: #222;
  max-width: 60em; margin: 2em auto; padding: 0 1em;
}
table { border-collapse: collapse; margin: 0.5em 0 1.5em; }
th, td { padding: 0.25em 0.9em 0.25em 0; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; }
h2 { margin-top: 1.6em; font-size: 1.15em; } svg { max-width: 100%; } .quiet { color: #666; }
"""


def write_report(session: Session, notes: Sequence[str] = (), file: Path | None = None) -> Path:
    """Write a page about a project and return its path.

    Parameters
    ----------
    session : the open project; it may be open read-only
    notes : sentences that the page begins with
    file : where to write it; by default ``report.html`` in the newest run's folder, or in the
        project's before the first run

    Raises
    ------
    AlntError
        If it cannot be written there.
    """
    runs = session.project.runs.all
    default = runs[-1].report if runs else inside(session.project.folder, "report.html")
    path = file or default
    write_text(path, _page(session, notes))
    return path


def _page(session: Session, notes: Sequence[str]) -> str:
    title = html.escape(session.project.name)
    columns = [HEADINGS.get(item.name, item.name) for item in dataclasses.fields(QueueRow)]
    parts = [
        f"<h1>Project {title}</h1>",
        *(_paragraph(note) for note in notes),
        *_cases(session),
        *_test_results(session),
        "<h2>Queue</h2>",
        _table(columns, map(dataclasses.astuple, session.queue())),
        *_runs(session),
        f"<p class=quiet>napari-alnt {__version__}. Not a medical device.</p>",
    ]
    head = f"<meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang=en>{head}{''.join(parts)}</html>"


def _cases(session: Session) -> list[str]:
    rows = [(role, len(session.project.by_role(role))) for role in get_args(Role)]
    estimate = session.noise_estimate()
    noise = _paragraph(str(estimate)) if estimate is not None else ""
    return ["<h2>Cases</h2>", _table(["role", "cases"], rows), noise]


def _test_results(session: Session) -> list[str]:
    results = session.test_results()
    rows = [(one.step, one.dice, *dice_interval(one), one.hd95, len(one.cases)) for one in results]
    return [
        "<h2>Dice of the held-out test cases</h2>",
        _curve([(one.step, one.dice) for one in results]),
        _table(["step", "Dice", "from", "to", "HD95 mm", "cases"], rows),
        _paragraph("From … to: where the mean Dice may lie with other cases (95 %)."),
    ]


def _runs(session: Session) -> list[str]:
    runs = session.project.runs.all
    settings = runs[-1].settings if runs else session.project.settings
    return [
        "<h2>Runs</h2>",
        _table(["run", "job", "state"], [(run.number, run.job, run.state) for run in runs]),
        f"<h2>Settings of the {'newest run' if runs else 'project'}</h2>",
        _table(["setting", "value"], settings.to_file().items()),
    ]


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def _table(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(words(value))}</td>" for value in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def words(value: Any) -> str:
    """A value as a person reads it; – where it is not known."""
    if isinstance(value, float):
        return f"{value:.3f}" if math.isfinite(value) else "–"
    return str(value)


def _curve(points: Sequence[tuple[int, float]], width: int = 640, height: int = 240) -> str:
    """Dice (0…1) over steps as an inline picture; nothing where there are fewer than two points."""
    known = [(step, dice) for step, dice in points if math.isfinite(dice)]
    if len(known) < 2:
        return ""
    left = 40
    bottom = 24
    last = max(known[-1][0], 1)

    def place(step: float, dice: float) -> tuple[float, float]:
        # y grows downwards in a picture
        return left + (width - left - 10) * step / last, (height - bottom) * (1 - dice) + 5

    spots = [place(step, dice) for step, dice in known]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    ticks = [(tick, place(0, tick)[1]) for tick in (0, 0.25, 0.5, 0.75, 1)]
    grid = f'<line x1="{left}" x2="{width}" stroke="#e4e4e4"'
    text = '<text text-anchor="end" font-size="11" fill="#666"'
    parts = [
        *(f'{grid} y1="{y:.1f}" y2="{y:.1f}"/>' for _, y in ticks),
        *(f'{text} x="{left - 6}" y="{y + 4:.1f}">{tick:g}</text>' for tick, y in ticks),
        f'<polyline points="{line}" fill="none" stroke="#26a" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#26a"/>' for x, y in spots),
        f'{text} x="{width}" y="{height - 2}">step {last}</text>',
    ]
    size = f'viewBox="0 0 {width} {height}" width="{width}"'
    return f'<svg {size} role="img" aria-label="test Dice over steps">{"".join(parts)}</svg>'
