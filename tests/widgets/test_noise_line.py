"""The noise audit's quiet line under the queue."""

from __future__ import annotations

from napari_alnt.data import Project
from napari_alnt.events import CaseScored


def test_the_line_comes_with_the_first_look_and_goes_with_it(window, balls):
    with Project.open(balls.folder) as project:
        project.start_run("train", project.settings)
        cases = [project.case(name) for name in project.taught_pool]
        scores = [
            CaseScored(c.name, 1, *[0.1 * c.number] * 7, 9, label=c.label_sha256) for c in cases
        ]
        project.add_scores(1, scores)
    window.dock.open_project(balls.folder)
    loop = window.loop
    assert not loop.noise.isVisible()
    loop.session.confirm("ball_04")
    window.until(loop.noise.isVisible, 10)
    assert loop.noise.text() == str(loop.session.noise_audit())
    loop.session.revert("ball_04")
    window.until(lambda: not loop.noise.isVisible(), 10)
