"""``napari-alnt new``: a project of images and masks, found by one of the sources."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from tyro.conf import Positional

from napari_alnt.cli.options import Flag, Form, SettingsForm, settings_of
from napari_alnt.cli.tables import print_roles
from napari_alnt.cli.terminal import Terminal
from napari_alnt.data import Datalist, Implausible, NnUNet, Patterns, Project, Source
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings


@dataclass(frozen=True)
class New:
    """Make a project from images and masks, by patterns, from an nnU-Net raw folder, or from a
    MONAI datalist.
    """

    project: Positional[Path]
    """Folder of the new project."""
    images: str | None = None
    """Images, as a folder, a pattern such as 'ct/*.nii.gz', or with the case's name in it, such as
    'ct/{case}/image.nii.gz'.
    """
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
    teacher_training: int = 0
    """Expert cases that train the teacher."""
    reference: int = 0
    """Expert cases that give the expert gradient."""
    test: int = 0
    """Expert cases held out for the test curve; 0 for all three takes half reference, half test.
    """
    labels: tuple[str, ...] = ()
    """Label values and names, such as 1=lesion; by default those found in the masks."""
    strict: Flag = False
    """Make nothing where something about the files is strange."""
    settings: Form = field(default_factory=SettingsForm)
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Make the project, and show which roles its cases have."""
        try:
            project = self._make(self.source())
        except Implausible as error:
            for notice in error.notices:
                terminal.notice(notice)
            raise
        with project:
            for notice in project.input_notices:
                terminal.notice(notice)
            print_roles(terminal, project)
            if not any(case.teacher for case in project.by_role("pool")):
                terminal.say(f"The pool has no teacher masks yet: napari-alnt teach {self.project}")

    def _make(self, source: Source) -> Project:
        settings = settings_of(self.settings)
        ignored = source.ignore_label()
        # one that is given here goes before the one that the source knows
        if ignored is not None and settings.ignore_label == Settings().ignore_label:
            settings = replace(settings, ignore_label=ignored)
        return Project.create(
            self.project.expanduser(),
            source.cases(),
            teacher_training=self.teacher_training,
            reference=self.reference,
            test=self.test,
            # names given here go before those that the source knows
            labels=dict(map(_label, self.labels)) or source.labels() or None,
            settings=settings,
            notices=source.notices(),
            strict=self.strict,
        )

    def source(self) -> Source:
        """Where the cases come from.

        Raises
        ------
        AlntError
            If there is not exactly one source, or an option that it cannot use.
        """
        # an option that would be passed over in silence is an error
        names = [name for name in ("images", "nnunet", "datalist") if getattr(self, name)]
        if len(names) != 1:
            raise AlntError(
                "Say where the images are with one of --images, --nnunet or --datalist."
            )
        if self.expert is not None and self.images is None:
            raise AlntError(
                f"--expert goes with --images; with --{names[0]} the expert masks are those it"
                " names."
            )
        if self.teacher is not None and self.datalist is not None:
            raise AlntError(
                "--teacher goes with --images or --nnunet; a datalist names its own teacher masks."
            )
        if self.nnunet is not None:
            return NnUNet(self.nnunet, self.teacher, self.patient)
        if self.datalist is not None:
            return Datalist(self.datalist, self.patient)
        return Patterns(self.images or "", self.expert, self.teacher, self.patient)


def _label(text: str) -> tuple[int, str]:
    value, _, name = text.partition("=")
    if not value.strip().isdigit() or not name:
        raise AlntError(f"Label '{text}' is not of the form value=name, such as 1=lesion.")
    return int(value), name
