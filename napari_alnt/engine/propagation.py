"""After some slices of a case are corrected, the rest is drawn anew by a copy of the student that
has learned them. The student itself stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_alnt.core.windows import Box, predict_by_windows, windows_of
from napari_alnt.data import Case, Project, Run, make_folder, write_labels
from napari_alnt.data.corrected_slices import check_slices, present_mask
from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.paths import inside
from napari_alnt.engine.adaptation import Adaptation, Recipe
from napari_alnt.engine.dataset import Dataset, Prepared
from napari_alnt.engine.known_slices import centres_of, known_target
from napari_alnt.engine.proposal import Corrected, proposed
from napari_alnt.engine.stopwatch import Stopwatch
from napari_alnt.engine.student import Student, out_of_memory
from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Event, NotPropagated, Progress, Propagated, Warned

WINDOWS_A_STEP = 8
"""Windows that take about as long as one step of the adaptation."""


@dataclass(frozen=True)
class Propagator:
    """Propagates corrected slices with copies of a student, into the run's folder.

    Attributes
    ----------
    project, run, dataset, student : as in an evaluation
    recipe : how the copy is adapted
    """

    project: Project
    run: Run
    dataset: Dataset
    student: Student
    recipe: Recipe = field(default_factory=Recipe)

    def events(self, asked: Command, wanted: Callable[[Command], bool]) -> Iterator[Event]:
        """What is asked for, as events; the last is :class:`Propagated`, or
        :class:`NotPropagated` after a warning that says why.

        ``wanted`` tells before every step and window whether ``asked`` still is.
        """
        known = {case.name for case in self.project.cases}
        names = tuple(name for name in asked.cases if name in known)
        try:
            if len(names) != 1 or len(asked.cases) != 1:
                raise AlntError("One case of the project is propagated at a time; name it alone.")
            for event in self._propagate(self.project.case(names[0]), asked):
                yield event
                if isinstance(event, Progress) and not wanted(asked):
                    yield NotPropagated(names[0])
                    return
        except (AlntError, MemoryError, RuntimeError) as error:
            if not isinstance(error, AlntError) and not out_of_memory(error):
                raise
            short = "Memory ran out, so the slices were not propagated; close other programs."
            yield Warned(str(error) if isinstance(error, AlntError) else short)
            for name in names[:1]:
                yield NotPropagated(name)

    def _propagate(self, case: Case, asked: Command) -> Iterator[Event]:
        start = time.monotonic()
        slices = check_slices(case, asked.axis, asked.slices)
        yield Progress("propagating", 0, 100)
        labels, sha256 = present_mask(self.project, case)
        image = self.dataset.image(case)
        corrected = Corrected(
            classes=self._classes_of(labels),
            spacing=case.spacing,
            axis=asked.axis,
            slices=slices,
            shape=image.shape,
            patch=self.dataset.settings.patch,
        )
        yield Progress("propagating", 0, 100)
        box = corrected.box()
        logits = yield from self._logits(case, corrected, box, image)
        classes = proposed(corrected, box, logits, self.recipe)
        # the last moment at which it can be cancelled
        yield Progress("propagating", 100, 100, 0.0)
        file = self._write(case, labels, classes, corrected.classes)
        yield Propagated(
            case=case.name,
            file=file,
            axis=asked.axis,
            slices=slices,
            mask_sha256=sha256,
            step=self.student.state.step,
            seconds=time.monotonic() - start,
        )

    def _classes_of(self, labels: Array) -> NDArray[np.int16]:
        """Labels as class indices, by a table where they are small, which is quick."""
        highest = int(labels.max())
        if highest > np.iinfo(np.uint16).max:
            return self.dataset.classes_of(labels)
        return self.dataset.classes_of(np.arange(highest + 1))[labels]

    def _logits(
        self, case: Case, corrected: Corrected, box: Box, image: NDArray[np.float16]
    ) -> Generator[Progress, None, Tensor]:
        """Logits ``(C, D, H, W)`` of the box, by a copy that has learned the corrected slices."""
        part = torch.from_numpy(np.array(image[box], np.float32))[None, None]
        windows = len(windows_of(part[0, 0].shape, corrected.patch))
        watch = Stopwatch("propagating", self.recipe.steps * WINDOWS_A_STEP + windows)
        adaptation = self._adaptation(case, corrected, image)
        for number in range(self.recipe.steps):
            yield _percent(watch, number * WINDOWS_A_STEP)
            adaptation.step(number)
        before = self.recipe.steps * WINDOWS_A_STEP
        seen = predict_by_windows(adaptation.net, part, corrected.patch)
        while True:
            yield _percent(watch, before)
            try:
                done = next(seen)
            except StopIteration as end:
                logits: Tensor = end.value
                return logits
            before = self.recipe.steps * WINDOWS_A_STEP + done

    def _adaptation(
        self, case: Case, corrected: Corrected, image: NDArray[np.float16]
    ) -> Adaptation:
        target = known_target(corrected.classes, corrected.shape, corrected.axis, corrected.slices)
        seed = [self.dataset.settings.seed, case.number]
        rng = np.random.default_rng(seed)
        centres = centres_of(target, self.dataset.classes, rng)
        if not len(centres):
            raise AlntError(
                f"The corrected slices of case '{case.name}' hold no label; correct others."
            )
        experts = [
            self.dataset.expert(one)
            for one in self.project.by_role("reference")
            # an earlier version of this very mask is what is being corrected
            if one.name != case.name
        ]
        own = Prepared(case.name, image, target, centres)
        return Adaptation(self.dataset, self.student, own, experts, self.recipe, seed)

    def _write(
        self, case: Case, labels: Array, classes: NDArray[np.int16], before: NDArray[np.int16]
    ) -> str:
        """Write the proposed mask; its file is relative to the project."""
        changed = classes != before
        new = self.dataset.labels_of(classes[changed])
        found = labels.astype(np.promote_types(labels.dtype, new.dtype))
        found[changed] = new
        make_folder(self.run.maps)
        # by number: a name may be that of a patient
        file = inside(self.run.maps, f"{case.number:04d}_propagated.nii.gz")
        write_labels(file, found, self.project.grid(case))
        return file.relative_to(self.project.folder).as_posix()


def _percent(watch: Stopwatch, done: int) -> Progress:
    part = 100 * done // watch.total
    return Progress("propagating", part, 100, watch.seconds_left(done))
