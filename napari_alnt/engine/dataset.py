"""From files to tensors: cases are prepared once, cached by content, and cut into patches."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from monai.transforms import (
    Compose,
    RandAffined,
    RandFlipd,
    RandGaussianNoised,
    RandGaussianSmoothd,
    RandScaleIntensityd,
    RandShiftIntensityd,
)
from numpy.typing import NDArray
from torch import Tensor

from napari_alnt.core import IGNORE, Batch, resample_image, resample_labels, training_shape
from napari_alnt.data import Case, Project, Volume
from napari_alnt.data.case_data import Kind
from napari_alnt.engine.cache import ArrayCache
from napari_alnt.errors import AlntError
from napari_alnt.settings import WINDOWS, Settings

MaskKind = Literal["expert", "teacher"]

CENTRES = 4000
"""Foreground voxels of a class that are kept as possible patch centres."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A case on the training grid, memory-mapped.

    Attributes
    ----------
    case : name of the case
    image : ``(D, H, W)`` in −1…1
    target : ``(D, H, W)`` class indices, ``IGNORE`` where nobody has labelled
    centres : foreground voxels ``(n, 3)``, equally many of each class where there are enough
    """

    case: str
    image: NDArray[np.float16]
    target: NDArray[np.int16]
    centres: NDArray[np.int32]


class Dataset:
    """The project's volumes as the network sees them."""

    def __init__(self, project: Project, settings: Settings) -> None:
        self.project = project
        self.settings = settings
        self.values = np.array(sorted(project.label_names))
        self._cache = ArrayCache(project.folder)
        self._of_thread = threading.local()

    @property
    def classes(self) -> int:
        """Number of classes with the background."""
        return len(self.values) + 1

    @cached_property
    def spacing(self) -> tuple[float, float, float]:
        """Training spacing (mm, z y x): the set one, or the median over the project's cases."""
        if self.settings.spacing is not None:
            return self.settings.spacing
        spacings = np.array([case.spacing for case in self.project.cases])
        # rounded, so that the cache's keys do not depend on the last bits of a header
        z, y, x = np.round(np.median(spacings, axis=0), 3)
        return float(z), float(y), float(x)

    def expert(self, case: Case) -> Prepared:
        """A case with its expert label."""
        return self._prepare(case, "expert")

    def pseudo(self, case: Case) -> Prepared:
        """A case with its teacher label, which is a pseudo-label to the student."""
        return self._prepare(case, "teacher")

    def image(self, case: Case) -> NDArray[np.float16]:
        """A case's image on the training grid, (D, H, W) in −1…1."""
        self.require_unchanged(case, "image")
        key = _key("image", case.image_sha256, self.settings.window, self.spacing)
        return self._cache.array(
            key,
            lambda: self._make_image(self.project.image(case)),
            np.float16,
            training_shape(case.shape, case.spacing, self.spacing),
        )

    def require_unchanged(self, case: Case, *kinds: Kind) -> None:
        """Refuse a case of which a file has changed; one out of reach may be in the cache.

        Raises
        ------
        ChangedFile
            If a file is not as the project knows it.
        """
        there = [kind for kind in kinds if (path := getattr(case, kind)) and path.exists()]
        self.project.require_unchanged(case, *there)

    def classes_of(self, labels: NDArray[Any]) -> NDArray[np.int16]:
        """Label values as class indices 0…C−1, ``IGNORE`` where nobody has labelled.

        Values that are no label of the project count as background.
        """
        place = np.searchsorted(self.values, labels).clip(max=len(self.values) - 1)
        classes = np.where(self.values[place] == labels, place + 1, 0).astype(np.int16)
        classes[labels == self.settings.ignore_label] = IGNORE
        return classes

    def labels_of(self, classes: NDArray[Any]) -> NDArray[Any]:
        """Class indices as the project's label values."""
        table = np.concatenate([[0], self.values])  # class 0 is the background
        labels: NDArray[Any] = table[classes]
        return labels.astype(np.min_scalar_type(int(table.max())))

    def batch(self, cases: Sequence[Prepared], rngs: Sequence[np.random.Generator]) -> Batch:
        """One patch of each of B cases, each drawn with a generator of its own."""
        patches = [
            self._vary(*self._patch(case, rng), rng) for case, rng in zip(cases, rngs, strict=True)
        ]
        return Batch(
            images=torch.stack([image for image, _ in patches]),
            targets=torch.stack([target for _, target in patches]),
            cases=tuple(case.case for case in cases),
        )

    def fixed_patches(self, case: Prepared) -> list[tuple[Tensor, Tensor]]:
        """The patches by which a case is scored, the same at every ranking.

        A regular tiling if it needs no more than ``score_patches``; else half of them centred on
        the label's structures and half spread evenly over the volume.
        """
        tiles = _tiling(case.image.shape, self.settings.patch)
        limit = self.settings.score_patches
        if len(tiles) > limit:
            spread = tiles[np.linspace(0, len(tiles) - 1, limit - limit // 2).round().astype(int)]
            # the same at every ranking, so that scores differ by the student alone
            rng = np.random.default_rng(len(case.centres))
            structures = rng.choice(case.centres, limit // 2) if len(case.centres) else spread[:0]
            tiles = np.concatenate([structures, spread])
        return [_tensors(*self._cut(case, centre)) for centre in tiles]

    def _prepare(self, case: Case, kind: MaskKind) -> Prepared:
        image = self.image(case)
        self.require_unchanged(case, kind)
        sha = case.teacher_sha256 if kind == "teacher" else case.expert_sha256
        key = _key("label", sha, self.settings.ignore_label, image.shape, self.values.tolist())
        # the keys are hashes of the content, so an entry is never out of date
        target = self._cache.array(
            key, lambda: self._make_target(case, kind, image.shape), np.int16, image.shape
        )
        centres = self._cache.array(
            _key("centres", key), lambda: _centres(target, self.classes), np.int32, (None, 3)
        )
        return Prepared(case.name, image, target, centres)

    def _make_image(self, volume: Volume) -> NDArray[np.float16]:
        voxels = volume.voxels.astype(np.float32)
        if self.settings.window == "percentile":
            low, high = np.percentile(voxels, (0.5, 99.5))
        else:
            low, high = WINDOWS[self.settings.window]
        # an image of one grey value has no range to divide by
        scaled = (voxels.clip(low, high) - low) * (2 / max(high - low, 1e-6)) - 1
        shape = training_shape(voxels.shape, volume.spacing, self.spacing)
        return resample_image(scaled, shape).astype(np.float16)

    def _make_target(self, case: Case, kind: MaskKind, shape: tuple[int, ...]) -> NDArray[np.int16]:
        volume = self.project.teacher(case) if kind == "teacher" else self.project.expert(case)
        if volume is None:
            raise AlntError(
                f"Case '{case.name}' has no {kind} mask to train with; revert what was changed"
                " last, or train again."
            )
        # to classes first: label values may be any number, classes keep IGNORE apart
        return resample_labels(self.classes_of(volume.voxels), shape).astype(np.int16)

    def _patch(self, case: Prepared, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        if len(case.centres) and rng.random() < self.settings.foreground_fraction:
            # up to a quarter off, so that the structure is not always in the middle of the patch
            reach = np.array(self.settings.patch) // 4
            voxel = case.centres[rng.integers(len(case.centres))]
            return self._cut(case, voxel + rng.integers(-reach, reach + 1))
        return self._cut(case, rng.integers(0, case.image.shape))

    def _cut(self, case: Prepared, centre: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """The patch around a voxel, moved inside the volume.

        Where the volume is smaller than the patch, the rest is air that nobody has labelled.
        """
        size = np.array(self.settings.patch)
        shape = np.array(case.image.shape)
        start = np.clip(centre - size // 2, 0, np.maximum(shape - size, 0))
        box = tuple(
            slice(a, b) for a, b in zip(start, np.minimum(start + size, shape), strict=True)
        )
        inside = tuple(slice(0, part.stop - part.start) for part in box)
        image = np.full(size, -1, np.float32)
        image[inside] = case.image[box]
        target = np.full(size, IGNORE, np.int64)
        target[inside] = case.target[box]
        return image, target

    def _vary(
        self, image: NDArray[Any], target: NDArray[Any], rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        if not self.settings.augment:
            return _tensors(image, target)
        # a transform holds random state, which the loader's threads must not share
        if not hasattr(self._of_thread, "augmentation"):
            self._of_thread.augmentation = _augmentation(self.settings)
        augmentation = self._of_thread.augmentation
        # from the patch's own generator, whichever thread makes it
        augmentation.set_random_state(seed=int(rng.integers(2**31)))
        varied = augmentation(
            {
                "image": torch.from_numpy(image)[None],
                "target": torch.from_numpy(target)[None].float(),
            }
        )
        return _plain(varied["image"]), _plain(varied["target"])[0].round().long()


def _plain(tensor: Any) -> Tensor:
    # MONAI's transforms give a MetaTensor, which is slow in every operation that follows
    plain: Tensor = tensor.as_tensor() if hasattr(tensor, "as_tensor") else tensor
    return plain


def _tensors(image: NDArray[Any], target: NDArray[Any]) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(image)[None], torch.from_numpy(target)


def _augmentation(settings: Settings) -> Compose:
    """Small changes of pose and grey values; left and right are not exchanged unless asked."""
    both = ["image", "target"]
    steps: list[Any] = [
        RandAffined(
            both,
            prob=0.5,
            rotate_range=(0.2, 0.1, 0.1),
            scale_range=(0.1, 0.1, 0.1),
            mode=("bilinear", "nearest"),
            padding_mode="border",
        ),
        RandGaussianNoised("image", prob=0.2, std=0.05),
        RandGaussianSmoothd(
            "image", prob=0.1, sigma_x=(0.3, 0.8), sigma_y=(0.3, 0.8), sigma_z=(0.3, 0.8)
        ),
        RandScaleIntensityd("image", factors=0.1, prob=0.3),
        RandShiftIntensityd("image", offsets=0.1, prob=0.3),
    ]
    if settings.mirror:
        steps.append(RandFlipd(both, prob=0.5, spatial_axis=2))
    return Compose(steps)


def _centres(target: NDArray[np.int16], classes: int) -> NDArray[np.int32]:
    """Up to ``CENTRES`` random voxels of each foreground class, ``(n, 3)``."""
    rng = np.random.default_rng(0)
    found = [np.argwhere(target == index) for index in range(1, classes)]
    kept = [rng.permutation(voxels)[:CENTRES] for voxels in found if len(voxels)]
    return np.concatenate(kept).astype(np.int32) if kept else np.zeros((0, 3), np.int32)


def _tiling(shape: Sequence[int], patch: Sequence[int]) -> NDArray[np.int64]:
    """Centres ``(n, 3)`` of patches that together cover the volume."""
    axes = [
        np.linspace(size / 2, max(length - size / 2, size / 2), max(1, -(-length // size))).astype(
            int
        )
        for length, size in zip(shape, patch, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)


def _key(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
