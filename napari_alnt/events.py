"""What the engine says and hears: small frozen records, see :mod:`napari_alnt.codec` for the pipe.

Events hold ids, numbers and file names only; volumes travel as files in the run's folder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal[
    "preparing", "training", "testing", "ranking", "predicting", "teaching", "propagating"
]
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
    experts: int
    test: int


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` pieces of a stage; ``seconds_left`` is an estimate."""

    stage: Stage
    done: int
    total: int
    seconds_left: float = NAN


@dataclass(frozen=True)
class SampleWeighed:
    """One pseudo-labelled patch of one step.

    Attributes
    ----------
    case : name of the case that the patch was cut from
    trust : what entered T_i, not normalised; the setting ``trust_measure`` says what that is
    informativeness : m_i, the mean absolute gradient of the last layer
    weight : w_i
    loss : ℓ_i
    """

    case: str
    trust: float
    informativeness: float
    weight: float
    loss: float


@dataclass(frozen=True)
class StepDone:
    """One training step. ``skipped`` when no sample kept a weight and no expert loss was asked for.

    ``waited`` are the seconds it waited for its patches, of ``seconds`` in all; ``memory`` are the
    bytes it holds on a graphics card, nan elsewhere.
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
    memory: float = NAN


@dataclass(frozen=True)
class SampleDropped:
    """A sample whose loss or gradient was not finite; it was left out of the step."""

    step: int
    case: str
    reason: str


@dataclass(frozen=True)
class LedgerRow:
    """What one epoch says of one case; means over its samples in that epoch.

    Attributes
    ----------
    case : name of the case
    role : its role in that epoch
    label_version : which label it trained with: "0003", "expert" or "teacher"
    seen : samples in the epoch
    trust : mean of what entered T (see :class:`SampleWeighed`); nan for expert cases
    informativeness : mean of m; nan for expert cases
    share : the case's part of the epoch's summed weights; nan for expert cases
    """

    case: str
    role: str
    label_version: str
    seen: int
    trust: float = NAN
    informativeness: float = NAN
    share: float = NAN


@dataclass(frozen=True)
class EpochDone:
    """The ledger's entry of an epoch, with the roles and label versions that were used in it."""

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
class TestedCase:
    """Dice and 95 % Hausdorff distance (mm), means over the classes present; nan where
    undefined.
    """

    case: str
    dice: float
    hd95: float
    classes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Tested:
    """The test curve: means over the held-out test cases."""

    step: int
    epoch: int
    dice: float
    hd95: float
    cases: tuple[TestedCase, ...] = ()


@dataclass(frozen=True)
class StructureCounts:
    """Voxels of one structure on the training grid: in the mask, in the prediction, and in both."""

    mask_voxels: int
    predicted_voxels: int
    overlap_voxels: int


@dataclass(frozen=True)
class CaseScored:
    """What the scoring pass says of one pool case.

    Attributes
    ----------
    case : name of the case
    step : training steps of the student that scored it
    mask_sha256 : hash of the mask that was judged, "" where it is not known
    reference_hash : hash of the reference masks and of the settings that scores depend on
    scores : each score by its name; ``core.scoring`` has the formulas, what is unknown is left out
    structures : voxel counts of each structure, in the order of the project's labels
    """

    case: str
    step: int
    mask_sha256: str = ""
    reference_hash: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    structures: tuple[StructureCounts, ...] = ()

    def score(self, name: str) -> float:
        """One score; nan where it is unknown."""
        return self.scores.get(name, NAN)


@dataclass(frozen=True)
class RankingDone:
    """Every pool case has been scored by the student of this step."""

    step: int
    epoch: int


@dataclass(frozen=True)
class Predicted:
    """The student's prediction for one case, in files on the case's own grid.

    Attributes
    ----------
    case : name of the case
    step : training steps of the student that made it
    student : file of the predicted mask, relative to the project
    trust_map : file of the voxel trust, relative to the project
    slice : the axial slice, counted in the turned volume, in which mask and prediction differ most
    dice : mean Dice of the prediction with the mask that was judged; nan where there is none
    mask_sha256 : hash of that mask, "" where there is none
    """

    case: str
    step: int
    student: str
    trust_map: str
    slice: int
    dice: float
    mask_sha256: str = ""


@dataclass(frozen=True)
class Propagated:
    """A mask is proposed for the slices of a case that nobody has corrected.

    Attributes
    ----------
    case : name of the case
    file : the whole mask on the case's own grid, relative to the project
    axis, slices : the slices that were corrected, see :class:`Command`
    mask_sha256 : hash of the mask that it was made from
    step, seconds : training steps of the student that was adapted; how long it took
    """

    case: str
    file: str
    axis: int
    slices: tuple[int, ...]
    mask_sha256: str
    step: int
    seconds: float


@dataclass(frozen=True)
class NotPropagated:
    """No mask is proposed, as it was cancelled, or as the warning before says."""

    case: str


@dataclass(frozen=True)
class TeacherWritten:
    """A teacher mask was made; ``file`` is relative to the project."""

    case: str
    file: str


@dataclass(frozen=True)
class CheckpointSaved:
    """The student is on the disk; ``file`` is relative to the project."""

    step: int
    file: str


@dataclass(frozen=True)
class Paused:
    """The training rests until it is resumed or stopped."""

    step: int


@dataclass(frozen=True)
class Warned:
    """Something the user should know; the run goes on."""

    message: str


@dataclass(frozen=True)
class Stalled:
    """The engine has said nothing for so many seconds; it may still be at work."""

    seconds: float


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
    | Tested
    | CaseScored
    | RankingDone
    | Predicted
    | Propagated
    | NotPropagated
    | TeacherWritten
    | CheckpointSaved
    | Paused
    | Warned
    | Stalled
    | Failed
    | Finished
)


@dataclass(frozen=True)
class Command:
    """What the engine hears.

    Attributes
    ----------
    name : what to do; "cancel" ends a propagation alone
    cases : those to predict, or the one to propagate
    axis, slices : the corrected slices, numbered along z (0), y (1) or x (2) of the turned volume
    """

    name: Literal["stop", "pause", "resume", "predict", "propagate", "cancel"]
    cases: tuple[str, ...] = ()
    axis: int = 0
    slices: tuple[int, ...] = ()
