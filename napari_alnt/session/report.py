"""One self-contained HTML page about a project: the audit curve, the runs, the queue, the
settings.
"""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from napari_alnt import __version__
from napari_alnt.data import write_text
from napari_alnt.session.session import Session

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 60em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 0.5em 0 1.5em; }
th, td { padding: 0.25em 0.9em 0.25em 0; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; }
h2 { margin-top: 1.6em; font-size: 1.15em; } svg { max-width: 100%; } .quiet { color: #666; }
"""


def write_report(session: Session, notes: Sequence[str] = ()) -> Path:
    """Write ``report.html`` into the newest run's folder and return its path."""
    run = session.project.runs[-1]
    path = run.folder / "report.html"
    write_text(path, _page(session, notes))
    return path


def _page(session: Session, notes: Sequence[str]) -> str:
    project = session.project
    roles = [(role, len(project.by_role(role))) for role in ("pool", "seed", "reference", "audit")]
    curve = [(seen.step, seen.dice) for seen in session.validations()]
    audit = [(seen.step, seen.dice, seen.hd95, len(seen.cases)) for seen in session.validations()]
    queue = [dataclasses.astuple(row) for row in session.queue()]
    settings = session.project.runs[-1].settings.to_dict().items()
    parts = [
        f"<h1>Project {html.escape(project.name)}</h1>",
        *(f"<p>{html.escape(note)}</p>" for note in notes),
        "<h2>Cases</h2>",
        _table(["role", "cases"], roles),
        *([f"<p>{html.escape(str(noise))}</p>"] if (noise := session.noise_audit()) else []),
        "<h2>Audit Dice</h2>",
        _curve(curve),
        _table(["step", "Dice", "HD95 mm", "cases"], audit),
        "<h2>Queue</h2>",
        _table(
            [
                "case",
                "no",
                "status",
                "trust",
                "informativeness",
                "share",
                "Dice with teacher",
                "priority",
            ],
            queue,
        ),
        "<h2>Runs</h2>",
        _table(["run", "job", "state"], [(run.number, run.job, run.state) for run in project.runs]),
        "<h2>Settings of the newest run</h2>",
        _table(["setting", "value"], settings),
        f"<p class=quiet>napari-alnt {__version__}. Not a medical device.</p>",
    ]
    title = html.escape(project.name)
    head = f"<meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang=en>{head}{''.join(parts)}</html>"


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
    left, bottom, last = 40, 24, max(known[-1][0], 1)
    spots = [
        (left + (width - left - 10) * step / last, (height - bottom) * (1 - dice) + 5)
        for step, dice in known
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#26a"/>' for x, y in spots)
    grid = "".join(
        f'<line x1="{left}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>'
        f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" font-size="11" fill="#666">{tick:g}</text>'
        for tick in (0, 0.25, 0.5, 0.75, 1)
        for y in [(height - bottom) * (1 - tick) + 5]
    )
    label = f'<text x="{width}" y="{height - 2}" text-anchor="end" font-size="11" fill="#666">step {last}</text>'
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" aria-label="audit Dice over steps">{grid}'
        f'<polyline points="{line}" fill="none" stroke="#26a" stroke-width="2"/>{dots}{label}</svg>'
    )
