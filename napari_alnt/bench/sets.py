"""Volumes whose truth is known: the sets that the benchmark runs on, and how a seed divides each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_alnt.bench.planted import kinds_for
from napari_alnt.data import Grid, read_labels, read_volume, write_image, write_labels, write_phantoms
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings

UNKNOWN = 255
SLAB_MM = 20.0
"""Thickness of the slabs that whole chest scans are cut into."""


@dataclass(frozen=True)
class TrueCase:
    """One volume with its true mask and, where the set has one, its real teacher's mask."""

    name: str
    patient: str
    image: Path
    truth: Path
    teacher: Path | None = None


@dataclass(frozen=True)
class Division:
    """Cases (or, for slabs, patients) that a seed draws for each role; the rest is left out."""

    seed: int
    reference: int
    audit: int
    pool: int


@dataclass(frozen=True)
class BenchSet:
    """A set of true cases, how a student learns them, and how many play which role.

    ``kinds`` are the planted damages that make sense here.
    """

    name: str
    cases: tuple[TrueCase, ...]
    labels: dict[int, str]
    settings: Settings
    division: Division
    kinds: tuple[str, ...]

    def draw(self, seed: int) -> dict[str, tuple[TrueCase, ...]]:
        """The cases of each role, "seed", "reference", "audit", "pool", drawn by patient."""
        patients = sorted({case.patient for case in self.cases})
        order = [patients[index] for index in np.random.default_rng([seed, 11]).permutation(len(patients))]
        roles: dict[str, tuple[TrueCase, ...]] = {}
        for role in ("audit", "seed", "reference", "pool"):
            count = getattr(self.division, role)
            chosen, order = order[:count], order[count:]
            roles[role] = tuple(case for case in self.cases if case.patient in chosen)
        return roles


SHORT = Settings(
    patch=(24, 24, 24),
    network="unet_small",
    expert_batch=2,
    epochs=6,
    steps_per_epoch=20,
    learning_rate=5e-3,
    teacher_steps=100,
    validate_every=6,
    rank_every=2,
    scope="all",
    score_patches=4,
    prepare=0,
    threads=1,
    loaders=0,
)
"""The short schedule that every rival gets: 120 steps of B = 4, V = 2 patches of 24³ voxels with ``unet_small``."""


def _settings(**values: object) -> Settings:
    return Settings.from_dict(values, base=SHORT)


def hippocampus(data: Path, work: Path) -> BenchSet:
    """MR crops, two labels (Medical Segmentation Decathlon)."""
    settings = _settings(window="percentile", spacing=(1.5, 1.5, 1.5))
    labels = {1: "anterior", 2: "posterior"}
    cases = _listed(data / "msd_hippocampus")
    return BenchSet("hippocampus", cases, labels, settings, Division(3, 6, 20, 48), kinds_for(labels))


def head_and_neck(data: Path, work: Path) -> BenchSet:
    """Head-and-neck CT, five organs (OpenKBP)."""
    settings = _settings(window="soft_tissue", spacing=(6.0, 6.0, 6.0), steps_per_epoch=42, teacher_steps=300)
    labels = dict(enumerate(("brainstem", "cord", "right parotid", "left parotid", "mandible"), start=1))
    cases = _listed(data / "openkbp_hn_ct")
    return BenchSet("head_and_neck", cases, labels, settings, Division(4, 6, 16, 40), kinds_for(labels))


def sarcoma(data: Path, work: Path) -> BenchSet:
    """CT of soft-tissue sarcoma, one lesion a case (STS)."""
    settings = _settings(window="soft_tissue", spacing=(8.0, 8.0, 8.0), mirror=True)
    cases = _listed(data / "sts_tumour_ct_2mm")
    labels = {1: "tumour"}
    return BenchSet("sarcoma", cases, labels, settings, Division(4, 6, 8, 18), kinds_for(labels))


def covid(data: Path, work: Path) -> BenchSet:
    """COVID-19 CT with a published teacher's masks, in slabs of about 20 mm; roles are drawn by patient."""
    settings = _settings(
        window="lung", spacing=(3.0, 3.0, 3.0), patch=(8, 48, 48), mirror=True, steps_per_epoch=38, learning_rate=3e-3
    )
    folder = work / "covid_slabs"
    if not (folder / "done").exists():
        _cut_slabs(data / "covid_ct_seg20" / "full128", folder)
    names = sorted(path.name for path in (folder / "images").glob("*.nii.gz"))
    cases = tuple(
        TrueCase(_stem(name), _stem(name).rsplit("_", 1)[0], folder / "images" / name, folder / "truth" / name,
                 folder / "teacher" / name)
        for name in names
    )  # fmt: skip
    labels = {1: "infection"}
    return BenchSet("covid", cases, labels, settings, Division(0, 2, 3, 5), _untruncated(labels))


def phantom(data: Path, work: Path) -> BenchSet:
    """Synthetic chest CTs, for machines without the others."""
    folder = work / "phantoms"
    if not (folder / "damage.json").exists():
        write_phantoms(folder, cases=32, shape=(60, 72, 84), damaged=0)
    cases = _listed(folder, "truth")
    settings = _settings(window="lung", spacing=(6.0, 6.0, 6.0))
    labels = {1: "ground glass", 2: "consolidation"}
    return BenchSet("phantom", cases, labels, settings, Division(3, 4, 6, 18), kinds_for(labels))


def _untruncated(labels: dict[int, str]) -> tuple[str, ...]:
    """The damages for slabs, which are cut short as it is."""
    return tuple(kind for kind in kinds_for(labels) if kind != "truncated")


@dataclass(frozen=True)
class Source:
    """How a set is made, from the data's folder and one to write into; and where in the former its volumes lie."""

    make: Callable[[Path, Path], BenchSet]
    folder: str | None


SETS: dict[str, Source] = {
    "hippocampus": Source(hippocampus, "msd_hippocampus"),
    "head_and_neck": Source(head_and_neck, "openkbp_hn_ct"),
    "sarcoma": Source(sarcoma, "sts_tumour_ct_2mm"),
    "covid": Source(covid, "covid_ct_seg20"),
    "phantom": Source(phantom, None),
}
"""Every set by its name."""


def load(name: str, data: Path, work: Path) -> BenchSet:
    """One set.

    Raises
    ------
    AlntError
        If its volumes are not in the data folder.
    """
    found = SETS[name].make(data, work)
    if not found.cases:
        raise AlntError(f"The volumes of set '{name}' are not in '{data}'; say with --data where they are.")
    return found


def _listed(folder: Path, labels: str = "labels") -> tuple[TrueCase, ...]:
    paths = sorted((folder / "images").glob("*.nii.gz"))
    return tuple(TrueCase(_stem(p.name), _stem(p.name), p, folder / labels / p.name) for p in paths)


def _stem(name: str) -> str:
    return re.sub(r"\.nii(\.gz)?$", "", name)


def _cut_slabs(source: Path, folder: Path) -> None:
    """Slabs of the slices that the teacher has labelled, each a case; those in which nobody marks anything are left."""
    for kind in ("images", "truth", "teacher"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for path in sorted((source / "expert").glob("*.nii.gz")):
        image = read_volume(source / "images" / path.name)
        truth = read_labels(path).voxels
        teacher = read_labels(source / "teacher" / path.name, unknown=UNKNOWN).voxels
        known = np.flatnonzero((teacher != UNKNOWN).any((1, 2)))
        depth = max(1, round(SLAB_MM / image.spacing[0]))
        for number, start in enumerate(range(int(known[0]), int(known[-1]) + 2 - depth, depth)):
            cut = slice(start, start + depth)
            if truth[cut].any() or (teacher[cut] == 1).any():
                parts = {"images": image.voxels[cut], "truth": truth[cut], "teacher": teacher[cut]}
                _write_slab(folder, f"{_stem(path.name)}_{number:02d}.nii.gz", parts, image.spacing)
    (folder / "done").touch()


def _write_slab(folder: Path, name: str, parts: dict[str, np.ndarray], spacing: tuple[float, float, float]) -> None:
    grid = Grid.new(parts["images"].shape, spacing)
    write_image(folder / "images" / name, parts["images"], grid)
    for kind in ("truth", "teacher"):
        write_labels(folder / kind / name, parts[kind], grid)
