"""Every setting, written once: the form, the command line, ``settings.json`` and the README derive
from it.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from napari_alnt import extensions, retired
from napari_alnt.errors import AlntError
from napari_alnt.ranking.rules import RANKINGS

Method = Literal["UNIFORM", "RGS", "RGM", "RGSM", "RGSM_AL", "RANDOM", "SMALL_LOSS", "EXPERTS"]
Scope = Literal["all", "head"]
TrustMeasure = Literal["dot", "cosine", "loss_rank"]
Window = Literal["lung", "soft_tissue", "bone", "percentile"]
Network = Literal["unet_small", "unet", "segresnet"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16"]


WINDOWS: dict[str, tuple[float, float]] = {
    "lung": (-1350, 150),
    "soft_tissue": (-160, 240),
    "bone": (-500, 1300),
}
"""Lowest and highest HU shown and learned from."""
LOCAL = "launcher"
"""The setting that names a program: it belongs to a user and a machine, never to a project."""


def _setting(default: Any, help: str, low: float | None = None, high: float | None = None) -> Any:
    return field(default=default, metadata={"help": help, "low": low, "high": high})


@dataclass(frozen=True)
class Weighting:
    """How the samples of a step are weighed; its defaults are those of :class:`Settings`.

    Attributes
    ----------
    method : one of the paper's five, or a control
    trust_share : λ, the share of trust in a weight; the rest is informativeness
    trust_measure : what enters T
    scope : whose gradients are compared, the last layer's or all
    mu : μ, the weight of the expert patches' own loss
    """

    method: Method
    trust_share: float
    trust_measure: TrustMeasure
    scope: Scope
    mu: float


@dataclass(frozen=True)
class Settings:
    """How a project's volumes are prepared, how its student learns, and how its queue is sorted.

    Raises
    ------
    AlntError
        If a value lies outside its range or is not among its choices.
    """

    window: Window = _setting(
        "lung", "Grey values the network sees: a HU window, or 'percentile' for MR."
    )
    spacing: tuple[float, float, float] | None = _setting(
        None, "Training spacing z y x in mm; None takes the median of the cases.", 0.1, 20
    )
    ignore_label: int = _setting(
        255, "Label value that means: nobody has labelled this voxel.", 0, 65535
    )
    network: str = _setting(
        "unet_small", "The student: 'unet' is the paper's, 'unet_small' is for CPUs."
    )
    patch: tuple[int, int, int] = _setting((48, 48, 48), "Patch size z y x in voxels.", 8, 512)
    batch: int = _setting(4, "Pseudo-labelled patches in a step (B).", 1, 256)
    expert_batch: int = _setting(4, "Expert patches in a step (V).", 1, 256)
    micro_batch: int = _setting(
        0,
        "Patches that pass the network together; fewer need less memory and give the same; 0 takes"
        " all.",
        0,
        256,
    )
    foreground_fraction: float = _setting(
        0.75, "Share of patches centred on a labelled structure.", 0, 1
    )
    augment: bool = _setting(True, "Vary grey values and pose of the patches.")
    mirror: bool = _setting(
        False, "Also mirror left and right; wrong where sides have their own label."
    )
    method: Method = _setting(
        "RGSM", "How samples are weighed: the paper's five, and three controls."
    )
    trust_share: float = _setting(
        0.5, "λ, the share of trust in a weight; the rest is informativeness.", 0, 1
    )
    trust_measure: TrustMeasure = _setting(
        "loss_rank",
        "What trust is in a step: the dot product or cosine with the experts' gradient, or the"
        " place of the case's loss among the pool's.",
    )
    scope: Scope = _setting(
        "head", "Whose gradient is compared: the last layer's alone, which is quick, or all."
    )
    mu: float = _setting(
        1.0, "μ, the weight of the expert patches' own loss; 0 is the paper.", 0, 100
    )
    learning_rate: float = _setting(
        2e-3, "Highest learning rate of a run; it falls to a twentieth.", 1e-6, 1
    )
    epochs: int = _setting(20, "Epochs in a run.", 1, 100_000)
    steps_per_epoch: int = _setting(
        25, "Steps in an epoch; corrections are taken up between epochs.", 1, 100_000
    )
    teacher_steps: int = _setting(400, "Steps the teacher learns for.", 1, 1_000_000)
    test_every: int = _setting(
        5, "Epochs between evaluations of the held-out test cases.", 1, 100_000
    )
    rank_every: int = _setting(
        5, "Epochs between rankings of the pool; 0 ranks only when asked.", 0, 100_000
    )
    rescore_after: int = _setting(
        0,
        "Steps after which a case is scored again though neither its mask nor the experts' have"
        " changed.",
        0,
        10**9,
    )
    ranking: str = _setting("alnt", "Rule that sorts the queue.")
    wrong_below: float = _setting(
        0.7, "Dice with the accepted mask below which a teacher's mask counts as wrong.", 0, 1
    )
    score_patches: int = _setting(8, "Patches of a case that are looked at to rank it.", 1, 1024)
    prefetch_cases: int = _setting(
        3, "Cases at the top of the queue whose pictures are made ahead.", 0, 100
    )
    device: Device = _setting("auto", "Where the student learns; 'auto' prefers cuda, then mps.")
    precision: Precision = _setting(
        "auto",
        "Numbers the network computes with; 'auto' takes bfloat16 on cuda. Losses and trust stay in"
        " float32.",
    )
    threads: int = _setting(0, "Processor threads for the training; 0 takes all.", 0, 256)
    loader_threads: int = _setting(
        1, "Threads that prepare patches ahead; 0 prepares them between the steps.", 0, 64
    )
    launcher: str = _setting(
        "",
        "Command put before the training's own: 'torchrun --nproc-per-node 4', 'srun', 'ssh"
        " gpu-box'.",
    )
    seed: int = _setting(0, "Seed of everything random.", 0, 2**31 - 1)

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            _check(item, getattr(self, item.name), HINTS[item.name])

    @property
    def weighting(self) -> Weighting:
        """The settings that say how samples are weighed."""
        names = [item.name for item in dataclasses.fields(Weighting)]
        return Weighting(**{name: getattr(self, name) for name in names})

    @classmethod
    def from_dict(cls, values: dict[str, Any], base: Settings | None = None) -> Settings:
        """Settings from plain values, as JSON gives them; what is missing comes from ``base``.

        Raises
        ------
        AlntError
            If a name is unknown or a value is not allowed.
        """
        known = [item.name for item in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise AlntError(unknown_setting(name, known))
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return dataclasses.replace(base or cls(), **plain)

    @classmethod
    def from_file(cls, values: dict[str, Any]) -> tuple[Settings, tuple[str, ...]]:
        """Settings as an earlier or later napari-alnt may have written them, and a notice for each
        that is not taken; the launcher never is, as whoever made the file could run any program.

        Retired names and choices are read as what they are called today; a name or value that is
        not known leaves the default in place, so that no file locks its project.

        Raises
        ------
        AlntError
            If the values are no mapping.
        """
        if not isinstance(values, dict):
            raise AlntError(
                "The settings of the project are damaged (they are no names with values); restore"
                " its table from a backup."
            )
        fields = {item.name: item for item in dataclasses.fields(cls)}
        taken: dict[str, Any] = {}
        notices: list[str] = []
        for name, value in retired.present(values, retired.SETTINGS).items():
            if isinstance(value, str):
                value = retired.CHOICES.get(name, {}).get(value, value)
            if name == LOCAL:
                if value:
                    notices.append(_foreign_launcher(value))
                continue
            if name not in fields:
                notices.append(
                    f"The project's setting '{_shown(name)}' is not known to this napari-alnt and"
                    " is left out."
                )
                continue
            value = tuple(value) if isinstance(value, list) else value
            try:
                # each alone, as one that will not do must not take the others with it
                _check(fields[name], value, HINTS[name])
            except AlntError as error:
                notices.append(f"{_shown(error)} The default {fields[name].default!r} is taken.")
            else:
                taken[name] = value
        return cls(**taken), tuple(notices)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values for JSON."""
        return dataclasses.asdict(self)

    def to_file(self) -> dict[str, Any]:
        """As :meth:`to_dict`, of what may lie in a project: all but the launcher."""
        return {name: value for name, value in self.to_dict().items() if name != LOCAL}


class OnceNotice(str):
    """A notice of what stays as it is: whoever has read it need not be told again."""

    __slots__ = ()


def _foreign_launcher(value: Any) -> OnceNotice:
    return OnceNotice(
        f"This project asks to be trained with '{_shown(value)}'; that was not taken over; enter it"
        " under Settings if you trust it."
    )


def _shown(value: Any) -> str:
    """A text from a file as it can be shown: not too long, and without control characters."""
    return "".join(char if char.isprintable() else "?" for char in str(value)[:200])


def unknown_setting(name: str, known: list[str]) -> str:
    """The sentence said of a setting that does not exist."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"There is no setting '{name}'" + (
        f"; did you mean '{near[0]}'?" if near else "; see --help for those there are."
    )


def _one_of(known: Iterable[str], group: str) -> Any:
    """The type of a setting whose choices are ours and those of installed packages."""
    return Literal.__getitem__(tuple(dict.fromkeys((*known, *extensions.names(group)))))


HINTS: dict[str, Any] = get_type_hints(Settings) | {
    "network": _one_of(get_args(Network), extensions.NETWORKS),
    "ranking": _one_of(RANKINGS, extensions.RANKINGS),
}
"""The type of every setting by its name; a ``Literal`` where it has choices."""


FIRST: dict[str, tuple[str, str]] = {
    "window": ("Grey values", "What the network sees: a window of a CT, or 'percentile' for MR."),
    "ignore_label": ("Value for unknown", "The label of voxels that nobody has labelled."),
    "ranking": ("Order of the queue", "The rule that says which case is worth your time first."),
    "method": ("Weighing", "How much each mask counts; RGSM is by trust and informativeness."),
    "trust_share": ("Share of trust", "1 weighs by trust alone, 0 by what is still to be learned."),
    "epochs": ("Length", "Epochs of a training; more take longer and learn more."),
    "rank_every": ("New queue after", "Epochs until the queue is made anew; 0 only when asked."),
    "device": ("Computes on", "'auto' takes a graphics card (cuda, mps) where there is one."),
}
"""The settings that matter most: a title, and a sentence in plain words."""


def choices(hint: Any) -> tuple[Any, ...]:
    """The values a setting's type allows, or () where any is."""
    return get_args(hint) if get_origin(hint) is Literal else ()


def _check(item: dataclasses.Field[Any], value: Any, hint: Any) -> None:
    if (allowed := choices(hint)) and value not in allowed:
        raise AlntError(
            f"Setting '{item.name}' is '{value}', but must be one of"
            f" {', '.join(map(str, allowed))}."
        )
    if not _fits(value, hint):
        raise AlntError(f"Setting '{item.name}' is {value!r}, which is not {_words(hint)}.")
    low, high = item.metadata["low"], item.metadata["high"]
    numbers = value if isinstance(value, tuple) else (value,)
    if low is not None and any(n is not None and not low <= n <= high for n in numbers):
        raise AlntError(
            f"Setting '{item.name}' is {value}, but must lie between {low:g} and {high:g}."
        )


def _fits(value: Any, hint: Any) -> bool:
    if get_origin(hint) in (Union, types.UnionType):
        return any(_fits(value, option) for option in get_args(hint))
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        return (
            isinstance(value, tuple) and len(value) == len(parts) and all(map(_fits, value, parts))
        )
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint is float:
        # an integer may be too large for isfinite; its range is checked besides
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (isinstance(value, float) and math.isfinite(value))
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _words(hint: Any) -> str:
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(_words(option) for option in get_args(hint))
    if get_origin(hint) is tuple:
        return f"{len(get_args(hint))} numbers"
    names = {
        float: "a number",
        int: "a whole number",
        bool: "true or false",
        str: "text",
        type(None): "None",
    }
    return names.get(hint, str(hint))
