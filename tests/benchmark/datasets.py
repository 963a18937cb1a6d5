"""Volumes whose truth is known: the datasets that the study runs on, and how a seed splits each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_alnt.data import Grid, read_labels, read_volume, write_image, write_labels
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings
from napari_alnt.simulation import corruptions_for, write_phantoms

IGNORE_LABEL = 255
SLAB_MM = 20.0
"""Thickness of the slabs that whole chest scans are cut into."""


@dataclass(frozen=True)
class LabelledCase:
    """One volume with its true mask and, where the dataset has one, its real teacher's mask."""

    name: str
    patient: str
    image: Path
    truth: Path
    teacher: Path | None = None


@dataclass(frozen=True)
class Split:
    """Patients that a seed draws for each role; the others are left out."""

    teacher_training: int
    reference: int
    test: int
    pool: int


@dataclass(frozen=True)
class BenchmarkDataset:
    """Cases with known truth, how a student learns them, and how many patients play which role.

    ``corruptions`` are the kinds of simulated label noise that make sense here.
    """

    name: str
    cases: tuple[LabelledCase, ...]
    labels: dict[int, str]
    settings: Settings
    split: Split
    corruptions: tuple[str, ...]

    def draw(self, seed: int) -> dict[str, tuple[LabelledCase, ...]]:
        """The cases of each role, drawn by patient, so that no patient has two roles."""
        patients = sorted({case.patient for case in self.cases})
        # a second number keeps this draw apart from others of the same seed
        order = np.random.default_rng([seed, 11]).permutation(len(patients))
        left = [patients[index] for index in order]
        roles: dict[str, tuple[LabelledCase, ...]] = {}
        # the pool is drawn last, so that a dataset that is too small has a smaller pool
        for role in ("test", "teacher_training", "reference", "pool"):
            count = getattr(self.split, role)
            chosen = left[:count]
            left = left[count:]
            roles[role] = tuple(case for case in self.cases if case.patient in chosen)
        return roles


@dataclass(frozen=True)
class DatasetSource:
    """Where a dataset comes from.

    ``make`` takes the folder of all data and one to write into; ``folder`` is the dataset's own
    inside the former, None where it is synthetic.
    """

    make: Callable[[Path, Path], BenchmarkDataset]
    folder: str | None


SHORT = Settings(
    patch=(24, 24, 24),
    network="unet_small",
    expert_batch=2,
    epochs=6,
    steps_per_epoch=20,
    learning_rate=5e-3,
    teacher_steps=100,
    test_every=6,
    rank_every=2,
    scope="all",  # baselines compare the gradients of all layers
    score_patches=4,
    prefetch_cases=0,  # nobody looks at predictions
    threads=1,  # trials run side by side, a core each
    loader_threads=0,
)
"""The short training of every baseline: 120 steps of B = 4, V = 2 patches of 24³ voxels."""


def hippocampus(data: Path, _: Path) -> BenchmarkDataset:
    """MR crops, two labels (Medical Segmentation Decathlon)."""
    labels = {1: "anterior", 2: "posterior"}
    return BenchmarkDataset(
        "hippocampus",
        _listed(data / "msd_hippocampus"),
        labels,
        _settings(window="percentile", spacing=(1.5, 1.5, 1.5)),
        Split(teacher_training=3, reference=6, test=20, pool=48),
        corruptions_for(labels),
    )


def head_and_neck(data: Path, _: Path) -> BenchmarkDataset:
    """Head-and-neck CT, five organs (OpenKBP)."""
    organs = ("brainstem", "cord", "right parotid", "left parotid", "mandible")
    labels = dict(enumerate(organs, start=1))
    return BenchmarkDataset(
        "head_and_neck",
        _listed(data / "openkbp_hn_ct"),
        labels,
        _settings(
            window="soft_tissue", spacing=(6.0, 6.0, 6.0), steps_per_epoch=42, teacher_steps=300
        ),
        Split(teacher_training=4, reference=6, test=16, pool=40),
        corruptions_for(labels),
    )


def sarcoma(data: Path, _: Path) -> BenchmarkDataset:
    """CT of soft-tissue sarcoma, one lesion a case (STS)."""
    labels = {1: "tumour"}
    return BenchmarkDataset(
        "sarcoma",
        _listed(data / "sts_tumour_ct_2mm"),
        labels,
        _settings(window="soft_tissue", spacing=(8.0, 8.0, 8.0), mirror=True),
        Split(teacher_training=4, reference=6, test=8, pool=18),
        corruptions_for(labels),
    )


def covid(data: Path, work: Path) -> BenchmarkDataset:
    """COVID-19 CT with a published teacher's masks, in slabs of about 20 mm."""
    folder = work / "covid_slabs"
    if not (folder / "done").exists():
        _cut_slabs(data / "covid_ct_seg20" / "full128", folder)
    labels = {1: "infection"}
    settings = _settings(
        window="lung",
        spacing=(3.0, 3.0, 3.0),
        patch=(8, 48, 48),
        mirror=True,
        steps_per_epoch=38,
        learning_rate=3e-3,
    )
    return BenchmarkDataset(
        "covid",
        tuple(_slab(folder, path.name) for path in sorted((folder / "images").glob("*.nii.gz"))),
        labels,
        settings,
        Split(teacher_training=0, reference=2, test=3, pool=5),
        # a slab is cut short as it is
        tuple(kind for kind in corruptions_for(labels) if kind != "truncated"),
    )


def phantom(_: Path, work: Path) -> BenchmarkDataset:
    """Synthetic chest CTs, for machines without the other datasets."""
    folder = work / "phantoms"
    if not (folder / "done").exists():
        write_phantoms(folder, cases=32, shape=(60, 72, 84), corrupted=0)
        (folder / "done").touch()
    labels = {1: "ground glass", 2: "consolidation"}
    return BenchmarkDataset(
        "phantom",
        _listed(folder, "truth"),
        labels,
        _settings(window="lung", spacing=(6.0, 6.0, 6.0)),
        Split(teacher_training=3, reference=4, test=6, pool=18),
        corruptions_for(labels),
    )


DATASETS: dict[str, DatasetSource] = {
    "hippocampus": DatasetSource(hippocampus, "msd_hippocampus"),
    "head_and_neck": DatasetSource(head_and_neck, "openkbp_hn_ct"),
    "sarcoma": DatasetSource(sarcoma, "sts_tumour_ct_2mm"),
    "covid": DatasetSource(covid, "covid_ct_seg20"),
    "phantom": DatasetSource(phantom, None),
}
"""Every dataset by its name."""


def load(name: str, data: Path, work: Path) -> BenchmarkDataset:
    """One dataset, from the folder ``data``; what has to be made of it is written into ``work``.

    Raises
    ------
    AlntError
        If its volumes are not in the data folder.
    """
    dataset = DATASETS[name].make(data, work)
    if not dataset.cases:
        raise AlntError(
            f"The volumes of dataset '{name}' are not in '{data}'; say with --data where they are."
        )
    return dataset


def available(data: Path) -> tuple[str, ...]:
    """The datasets whose volumes are in a folder; the synthetic one where none is."""
    there = (
        name
        for name, source in DATASETS.items()
        if source.folder is not None and (data / source.folder).exists()
    )
    return tuple(there) or ("phantom",)


def _settings(**values: object) -> Settings:
    return Settings.from_dict(values, base=SHORT)


def _listed(folder: Path, masks: str = "labels") -> tuple[LabelledCase, ...]:
    """A case for every image, a patient each."""
    return tuple(
        LabelledCase(_stem(path.name), _stem(path.name), path, folder / masks / path.name)
        for path in sorted((folder / "images").glob("*.nii.gz"))
    )


def _stem(name: str) -> str:
    return re.sub(r"\.nii(\.gz)?$", "", name)


# slabs of whole scans -----------------------------------------------------------------------------


def _slab(folder: Path, name: str) -> LabelledCase:
    """One slab as a case.

    The name of its file ends in the slab's number; before that stands the patient's name.
    """
    image, truth, teacher = (folder / kind / name for kind in ("images", "truth", "teacher"))
    return LabelledCase(_stem(name), _stem(name).rsplit("_", 1)[0], image, truth, teacher)


def _cut_slabs(source: Path, folder: Path) -> None:
    """Cut the slices that the teacher has labelled into slabs, and keep those with a mask."""
    for kind in ("images", "truth", "teacher"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for path in sorted((source / "expert").glob("*.nii.gz")):
        image = read_volume(source / "images" / path.name)
        truth = read_labels(path).voxels
        teacher = read_labels(source / "teacher" / path.name, ignore_label=IGNORE_LABEL).voxels
        labelled = np.flatnonzero((teacher != IGNORE_LABEL).any(axis=(1, 2)))
        depth = max(1, round(SLAB_MM / image.spacing[0]))
        # whole slabs only; what is left at the end is too thin for a patch
        starts = range(int(labelled[0]), int(labelled[-1]) + 2 - depth, depth)
        for number, start in enumerate(starts):
            cut = slice(start, start + depth)
            # a slab that neither marks would be a case without anything to learn or find
            if truth[cut].any() or (teacher[cut] == 1).any():
                parts = {"images": image.voxels[cut], "truth": truth[cut], "teacher": teacher[cut]}
                _write_slab(folder, f"{_stem(path.name)}_{number:02d}.nii.gz", parts, image.spacing)
    (folder / "done").touch()  # last, so that an interrupted cut is made again


def _write_slab(
    folder: Path, name: str, parts: dict[str, np.ndarray], spacing: tuple[float, float, float]
) -> None:
    grid = Grid.new(parts["images"].shape, spacing)
    write_image(folder / "images" / name, parts["images"], grid)
    for kind in ("truth", "teacher"):
        write_labels(folder / kind / name, parts[kind], grid)
