"""The commands and their exit codes: 0 well, 1 a problem to mend, 2 no such command, 3 the engine
failed.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import FlagCreatePairsOff, OmitArgPrefixes, Positional, arg

from napari_alnt.cli.demo import Demo
from napari_alnt.cli.terminal import RunFailed, Terminal
from napari_alnt.data import (
    CaseFiles,
    Project,
    from_datalist,
    from_nnunet,
    from_patterns,
    nnunet_labels,
)
from napari_alnt.errors import AlntError
from napari_alnt.session import Session, by_command, by_folder
from napari_alnt.settings import HINTS, RankingName, Settings


def _help(item: dataclasses.Field[Any]) -> str:
    low, high = item.metadata["low"], item.metadata["high"]
    return item.metadata["help"] + ("" if low is None else f" [{low:g} … {high:g}]")


SettingsForm: Any = dataclasses.make_dataclass(
    "SettingsForm",
    [
        (item.name, Annotated[HINTS[item.name], arg(help=_help(item))], field(default=item.default))
        for item in dataclasses.fields(Settings)
    ],
    frozen=True,
)
"""The settings as tyro reads them: the same names, types and help texts."""

Form = OmitArgPrefixes[SettingsForm]
Flag = FlagCreatePairsOff[bool]


def _label(text: str) -> tuple[int, str]:
    value, _, name = text.partition("=")
    if not value.strip().isdigit() or not name:
        raise AlntError(f"Label '{text}' is not of the form value=name, such as 1=lesion.")
    return int(value), name


def _settings(form: Any) -> Settings:
    return Settings(**dataclasses.asdict(form))


@dataclass(frozen=True)
class New:
    """Make a project from images and masks, by patterns, from an nnU-Net raw folder, or from a
    MONAI datalist.
    """

    project: Positional[Path]
    """Folder of the new project."""
    images: str | None = None
    """Images, as a glob pattern or a folder, such as 'ct/*.nii.gz'."""
    expert: str | None = None
    """Rule for expert masks, such as 'gold/{case}.nii.gz'; cases without one are the pool."""
    teacher: str | None = None
    """Rule for the teacher's masks, such as 'auto/{case}.nii.gz'."""
    nnunet: Path | None = None
    """An nnU-Net raw folder (imagesTr, labelsTr, dataset.json)."""
    datalist: Path | None = None
    """A MONAI datalist."""
    patient: str | None = None
    """Regular expression whose first group is the patient in a case's name; keeps a patient on one
    side.
    """
    seed_cases: int = 0
    """Expert cases that train the teacher."""
    reference: int = 0
    """Expert cases that give the expert gradient."""
    audit: int = 0
    """Expert cases held out for the honest curve; 0 for all three takes half reference, half audit.
    """
    labels: tuple[str, ...] = ()
    """Label values and names, such as 1=lesion; by default those found in the masks."""
    settings: Form = field(default_factory=SettingsForm)
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        project = Project.create(
            self.project,
            self._cases(),
            seed_cases=self.seed_cases,
            reference=self.reference,
            audit=self.audit,
            labels=dict(map(_label, self.labels)) or self._labels_of_nnunet() or None,
            settings=_settings(self.settings),
        )
        with project:
            roles = {
                role: len(project.by_role(role)) for role in ("pool", "seed", "reference", "audit")
            }
            taught = sum(case.teacher is not None for case in project.by_role("pool"))
            terminal.table(f"Project '{project.name}'", ["role", "cases"], roles.items())
            if not taught:
                terminal.say(f"The pool has no teacher masks yet: napari-alnt teach {self.project}")

    def _labels_of_nnunet(self) -> dict[int, str]:
        return nnunet_labels(self.nnunet) if self.nnunet is not None else {}

    def _cases(self) -> Sequence[CaseFiles]:
        given = [
            name for name in ("images", "nnunet", "datalist") if getattr(self, name) is not None
        ]
        if len(given) != 1:
            raise AlntError(
                "Say where the images are with one of --images, --nnunet or --datalist."
            )
        if given != ["images"] and self.expert is not None:
            raise AlntError(
                f"--expert goes with --images; with --{given[0]} the expert masks are those it"
                " names."
            )
        if self.nnunet is not None:
            return from_nnunet(self.nnunet, teacher=self.teacher, patient=self.patient)
        if self.datalist is not None:
            if self.teacher is not None:
                raise AlntError(
                    "--teacher goes with --images or --nnunet; a datalist names its own teacher"
                    " masks."
                )
            return from_datalist(self.datalist, patient=self.patient)
        return from_patterns(self.images or "", self.expert, self.teacher, patient=self.patient)


@dataclass(frozen=True)
class Teach:
    """Make the pool's teacher masks: train on the seed cases, run a command on each image, or take
    a folder.
    """

    project: Positional[Path]
    """Project folder."""
    command: str | None = None
    """Command that makes one mask, such as 'TotalSegmentator -i {image} -o {label} --ml'."""
    folder: str | None = None
    """Rule for masks that are there already, such as 'auto/{case}.nii.gz'."""
    settings: Form = field(default_factory=SettingsForm)
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        with terminal.opened(self.project) as session:
            if self.command:
                events = by_command(session, self.command)
            elif self.folder:
                events = by_folder(session, self.folder)
            else:
                events = session.teach(_settings(self.settings))
            terminal.follow(session, events)
            taught = sum(case.teacher is not None for case in session.project.by_role("pool"))
            terminal.say(
                f"{taught} of {len(session.project.by_role('pool'))} cases in the pool have a"
                " teacher mask."
            )


@dataclass(frozen=True)
class Train:
    """Train the student on the weighed teacher masks; goes on from the last run, or resumes it."""

    project: Positional[Path]
    """Project folder."""
    fresh: Flag = False
    """Begin anew instead of going on."""
    settings: Form = field(default_factory=SettingsForm)
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        with terminal.opened(self.project) as session:
            end = terminal.follow(
                session, session.train(_settings(self.settings), fresh=self.fresh)
            )
            if session.validations():
                last = session.validations()[-1]
                terminal.say(f"Audit Dice {last.dice:.3f} at step {last.step}.")
            if end.reason == "stopped":
                terminal.say("Stopped; the same command takes it up again.")


@dataclass(frozen=True)
class Rank:
    """Score the pool with the student as it is, and print the queue."""

    project: Positional[Path]
    """Project folder."""
    top: int = 10
    """Cases to print."""
    by: RankingName | None = None
    """Ranking to sort by; by default the project's."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        with terminal.opened(self.project) as session:
            terminal.follow(session, session.rank())
            print_queue(terminal, session, self.top, self.by)


@dataclass(frozen=True)
class Predict:
    """Write the student's mask and voxel trust of some cases into the project."""

    project: Positional[Path]
    """Project folder."""
    cases: Positional[tuple[str, ...]]
    """Names of the cases; none means the whole pool."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        with terminal.opened(self.project) as session:
            names = self.cases or tuple(case.name for case in session.project.by_role("pool"))
            terminal.follow(session, session.predict(names))
            made = [
                session.history.predictions[name]
                for name in names
                if name in session.history.predictions
            ]
            columns = ["case", "student", "trust", "Dice with teacher"]
            terminal.table(
                "Predictions",
                columns,
                [(one.case, one.student, one.trust, one.dice) for one in made],
            )


@dataclass(frozen=True)
class Accept:
    """Keep a corrected mask as the expert label of a case; the next epoch learns from it."""

    project: Positional[Path]
    """Project folder."""
    case: Positional[str]
    """Name of the case."""
    mask: Positional[Path | None] = None
    """The corrected mask, on the image's grid; leave out with --confirm."""
    confirm: Flag = False
    """The teacher's mask is right as it stands."""
    author: str = ""
    """Who corrected it."""
    minutes: float = 0.0
    """Time spent."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        if (self.mask is None) != self.confirm:
            raise AlntError("Give either a corrected mask or --confirm.")
        with terminal.opened(self.project) as session:
            version = self._version(session)
            said = f"Case '{self.case}' is now an expert case, version {version.number}."
            terminal.table(
                said, ["case", "version", "file"], [(self.case, version.number, str(version.file))]
            )

    def _version(self, session: Session) -> Any:
        if self.mask is None:
            return session.confirm(self.case, author=self.author, seconds=60 * self.minutes)
        labels = session.project.read_mask(self.case, self.mask)
        return session.accept(
            self.case, labels.voxels, author=self.author, seconds=60 * self.minutes
        )


@dataclass(frozen=True)
class Status:
    """Cases, runs and the audit curve of a project; never writes."""

    project: Positional[Path]
    """Project folder."""
    top: int = 10
    """Cases of the queue to print."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        with terminal.opened(self.project, write=False) as session:
            project = session.project
            roles = [
                (role, len(project.by_role(role)))
                for role in ("pool", "seed", "reference", "audit")
            ]
            terminal.table(f"Project '{project.name}'", ["role", "cases"], roles)
            runs = [(run.number, run.job, run.state, run.step) for run in project.runs]
            terminal.table("Runs", ["run", "job", "state", "step"], runs)
            curve = [("student", seen.step, seen.dice, seen.hd95) for seen in session.validations()]
            if math.isfinite(teacher := session.teacher_dice()):
                curve.insert(0, ("teacher", "–", teacher, math.nan))
            terminal.table("Audit", ["", "step", "Dice", "HD95 mm"], curve)
            if (noise := session.noise_audit()) is not None:
                looks = session.next_looks(3)
                terminal.fact(str(noise), {**dataclasses.asdict(noise), "next_looks": looks})
                if looks:
                    terminal.say(f"Looks that would narrow this most: {', '.join(looks)}.")
            print_queue(terminal, session, self.top)


def print_queue(terminal: Terminal, session: Session, top: int, ranking: str | None = None) -> None:
    """The first ``top`` rows of the queue."""
    rows = [dataclasses.astuple(row) for row in session.queue(ranking)[:top]]
    columns = [
        "case",
        "no",
        "status",
        "trust",
        "informativeness",
        "weight share",
        "Dice with teacher",
        "priority",
    ]
    terminal.table("Queue", columns, rows)


COMMANDS: dict[str, Callable[..., Any]] = {
    "demo": Demo,
    "new": New,
    "teach": Teach,
    "train": Train,
    "rank": Rank,
    "predict": Predict,
    "accept": Accept,
    "status": Status,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in COMMANDS:
        return _explain(words)
    terminal = Terminal(json="--json" in words)
    try:
        command = _parse(words[0], words[1:])
        command(terminal)
    except AlntError as error:
        return _complain(terminal, str(error), 3 if isinstance(error, RunFailed) else 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    return 0


def _parse(name: str, words: list[str]) -> Any:
    kind = COMMANDS[name]
    prog = f"napari-alnt {name}"
    command, rest = tyro.cli(
        kind, prog=prog, args=words, default=_default(kind, words), return_unknown_args=True
    )
    if rest:
        raise AlntError(_unknown(prog, rest[0], kind))
    return command


def _default(kind: Any, words: list[str]) -> Any:
    """The project's own settings as the defaults of its commands."""
    folder = next((Path(word) for word in words if (Path(word) / "alnt.sqlite").exists()), None)
    has_settings = any(item.name == "settings" for item in dataclasses.fields(kind))
    if kind is New or not has_settings or folder is None:
        return None
    with Project.open(folder, write=False) as project:
        return kind(project=folder, settings=SettingsForm(**project.settings.to_dict()))


def _unknown(prog: str, word: str, kind: Any) -> str:
    known = [item.name for item in dataclasses.fields(kind)] + [
        item.name for item in dataclasses.fields(Settings)
    ]
    near = difflib.get_close_matches(word.lstrip("-").split("=")[0].replace("-", "_"), known, n=1)
    hint = f"did you mean '--{near[0].replace('_', '-')}'?" if near else f"see {prog} --help."
    return f"{prog} knows no '{word}'; {hint}"


def _complain(terminal: Terminal, text: str, code: int) -> int:
    if terminal.json:
        print(json.dumps({"kind": "Error", "message": text, "code": code}), flush=True)
    else:
        terminal.errors.print(text, style="red", markup=False, soft_wrap=True)
    return code


def _explain(words: list[str]) -> int:
    from napari_alnt import __version__

    if words == ["--version"]:
        print(f"napari-alnt {__version__}")
        return 0
    asked = not words or words[0] in ("-h", "--help", "help")
    lines = [f"  {name:<8} {(kind.__doc__ or '').strip()}" for name, kind in COMMANDS.items()]
    out = sys.stdout if asked else sys.stderr
    if not asked:
        print(f"napari-alnt knows no command '{words[0]}'; the commands are:", file=out)
    else:
        print("napari-alnt COMMAND …   (napari-alnt COMMAND --help tells more)\n", file=out)
    print("\n".join(lines), file=out)
    return 0 if asked else 2
