"""What the engine says and hears: small frozen records, one JSON object a line.

Events hold ids, numbers and file names only; volumes travel as files in the run's folder.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from napari_alnt import retired
from napari_alnt.errors import AlntError

Stage = Literal["preparing", "training", "validating", "ranking", "predicting", "teaching"]
NAN = math.nan


@dataclass(frozen=True)
class Started:
    """The engine is up. ``step`` is where it takes up, ``total`` where it will end."""

    run: int
    device: str
    network: str
    parameters: int
    step: int
    total: int
    pool: int
    reference: int
    audit: int


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` pieces of a stage; ``seconds_left`` is an estimate."""

    stage: Stage
    done: int
    total: int
    seconds_left: float = NAN


@dataclass(frozen=True)
class SampleWeighed:
    """One pseudo-labelled patch of one step: un-normalised trust and informativeness, and its
    weight.
    """

    case: str
    trust: float
    informativeness: float
    weight: float
    loss: float


@dataclass(frozen=True)
class StepDone:
    """One training step. ``skipped`` when no sample kept a weight and no expert loss was asked for.

    ``waited`` are the seconds it waited for its patches, of ``seconds`` in all.
    """

    step: int
    epoch: int
    loss: float
    expert_loss: float
    learning_rate: float
    seconds_left: float
    skipped: bool = False
    seconds: float = NAN
    waited: float = NAN
    samples: tuple[SampleWeighed, ...] = ()


@dataclass(frozen=True)
class SampleDropped:
    """A sample whose loss or gradient was not finite; it was left out of the step."""

    step: int
    case: str
    reason: str


@dataclass(frozen=True)
class LedgerRow:
    """What one epoch says of one case; means over its samples in that epoch.

    ``share`` is the case's part of the epoch's summed weights; expert cases have no trust (nan).
    """

    case: str
    role: str
    label: str
    seen: int
    trust: float = NAN
    informativeness: float = NAN
    loss: float = NAN
    share: float = NAN


@dataclass(frozen=True)
class EpochDone:
    """The ledger's entry of an epoch; ``role`` and ``label`` (version) are those used in it."""

    epoch: int
    step: int
    loss: float
    expert_loss: float
    rows: tuple[LedgerRow, ...] = ()


@dataclass(frozen=True)
class ExpertsChanged:
    """From this epoch on, these cases train as experts with these label versions."""

    epoch: int
    cases: tuple[str, ...]


@dataclass(frozen=True)
class AuditedCase:
    """Dice and 95 % Hausdorff distance (mm), means over the classes present; nan where
    undefined.
    """

    case: str
    dice: float
    hd95: float
    classes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Validated:
    """The honest curve: means over the audit cases."""

    step: int
    epoch: int
    dice: float
    hd95: float
    cases: tuple[AuditedCase, ...] = ()


@dataclass(frozen=True)
class CaseScored:
    """What the scoring pass says of one pool case. Formulas: ``core.scoring``.

    ``label`` is the sha256 of the mask that was judged, "" where it is not known; ``reference`` a
    hash of the experts' masks that it was judged by, and of how.
    """

    case: str
    step: int
    trust: float
    cosine: float
    head_cosine: float
    informativeness: float
    loss: float
    entropy: float
    dice: float
    foreground: int
    label: str = ""
    norm: float = NAN
    head_trust: float = NAN
    voxel_trust: float = NAN
    self_informativeness: float = NAN
    soft_dice: float = NAN
    label_difference: float = NAN
    self_confidence: float = NAN
    labelled: int = 0
    marked: tuple[int, ...] = ()
    drawn: tuple[int, ...] = ()
    shared: tuple[int, ...] = ()
    reference: str = ""


@dataclass(frozen=True)
class RankingDone:
    """Every pool case has been scored by the student of this step; the engine waits for ``predict``
    as the answer.
    """

    step: int
    epoch: int


@dataclass(frozen=True)
class Predicted:
    """Files of one case on its own grid, relative to the project: student mask, voxel trust.

    ``slice`` is the axial slice, counted in the turned volume, that matters most; ``label`` is the
    sha256 of the mask that was judged, "" where there is none.
    """

    case: str
    step: int
    student: str
    trust: str
    slice: int
    dice: float
    label: str = ""


@dataclass(frozen=True)
class TeacherWritten:
    """A teacher mask was made; ``file`` is relative to the project."""

    case: str
    file: str


@dataclass(frozen=True)
class CheckpointSaved:
    step: int
    file: str


@dataclass(frozen=True)
class Paused:
    step: int


@dataclass(frozen=True)
class Warned:
    """Something the user should know; the run goes on."""

    message: str


@dataclass(frozen=True)
class Failed:
    """The run cannot go on. ``message`` is one sentence with the way out; ``detail`` is for a
    report.
    """

    message: str
    detail: str = ""


@dataclass(frozen=True)
class Finished:
    """The last line of a run that ended well, because it was done or because it was asked to
    stop.
    """

    step: int
    reason: Literal["done", "stopped"] = "done"


Event = (
    Started
    | Progress
    | StepDone
    | SampleDropped
    | EpochDone
    | ExpertsChanged
    | Validated
    | CaseScored
    | RankingDone
    | Predicted
    | TeacherWritten
    | CheckpointSaved
    | Paused
    | Warned
    | Failed
    | Finished
)


@dataclass(frozen=True)
class Command:
    """What the engine hears. ``predict`` names cases; as the answer to ``RankingDone``, the queue's
    top.
    """

    name: Literal["stop", "pause", "resume", "predict"]
    cases: tuple[str, ...] = ()


_KINDS: dict[str, type] = {kind.__name__: kind for kind in (*Event.__args__, Command)}


def to_line(record: Event | Command) -> str:
    """One JSON object without a line break; nan becomes null, as JSON knows no nan."""
    return json.dumps(
        {"kind": type(record).__name__, **_plain(dataclasses.asdict(record))}, allow_nan=False
    )


def from_line(line: str) -> Any:
    """The record a line holds, also one that an earlier napari-alnt wrote under names retired
    since.

    Raises
    ------
    AlntError
        If the line is none of ours, as when something else prints into the pipe.
    """
    try:
        values = json.loads(line)
        name = values.pop("kind")
        return _record(_KINDS[retired.EVENTS.get(name, name)], values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AlntError(
            f"The engine said something that is no event: {line.strip()[:120]!r}."
        ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _record(kind: type, values: dict[str, Any]) -> Any:
    hints = _hints(kind)
    named = retired.present(values, retired.FIELDS.get(kind.__name__, {}))
    return kind(**{name: _read(hints[name], value) for name, value in named.items()})


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(hint: Any, value: Any) -> Any:
    """A JSON value as a field of that type holds it."""
    if value is None:
        return NAN
    if get_origin(hint) is tuple:
        return tuple(_read(get_args(hint)[0], part) for part in value)
    if get_origin(hint) is Mapping:
        return {name: _read(get_args(hint)[1], part) for name, part in value.items()}
    if dataclasses.is_dataclass(hint):
        return _record(hint, value)  # type: ignore[arg-type]
    return value
