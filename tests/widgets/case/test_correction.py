"""What is decided about a case, and what cannot be done is said in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_alnt.data import Project, read_grid, read_volume, write_image
from napari_alnt.widgets.actions import ACTIONS


@pytest.mark.parametrize("when", ["before", "while reading"])
def test_the_bar_names_the_case_that_stays_open(full_disk, when):
    loop = full_disk.loop
    if when == "while reading":
        loop.correction.drafts.keep = lambda: None  # as if the stroke came after it
    assert full_disk.click_row(2) != full_disk.case
    full_disk.until(lambda: not loop.correction.files.busy)
    assert full_disk.said == full_disk.error
    assert (
        loop.case_bar._name.text()
        == loop.queue.currentIndex().siblingAtColumn(0).data()
        == full_disk.case
    )
    assert loop.case_bar.buttons["accept"].isEnabled()


def test_confirm_does_not_throw_strokes_away(painted, balls):
    painted.act("confirm")
    assert "not the teacher's any more" in painted.said
    assert painted.loop.session.project.case(painted.case).role == "pool"
    painted.layer.undo()
    painted.act("confirm")
    version = painted.loop.session.project.labels.versions(painted.case)[-1]
    assert version.confirmed
    painted.until(lambda: painted.loop.correction.case not in ("", painted.case))


def test_a_label_of_no_project_is_refused_in_a_sentence(painted):
    painted.layer.selected_label = 9
    painted.paint((4, 15, 15))
    painted.act("accept")
    assert "label 9" in painted.said
    assert painted.loop.session.project.labels.versions(painted.case) == ()
    assert painted.loop.correction.case == painted.case


def test_revert_brings_the_teachers_mask_back(painted):
    painted.act("accept")
    painted.until(lambda: painted.loop.correction.case != painted.case)
    painted.loop.open_case(painted.case)
    painted.until(lambda: painted.loop.correction.case == painted.case)
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
    painted.press(Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    painted.until(
        lambda: not painted.loop.correction.loading and not painted.loop.correction.files.busy
    )
    np.testing.assert_array_equal(painted.layer.data, painted.before)
    assert painted.loop.session.project.case(painted.case).role == "pool"


def test_accept_keeps_the_mask_with_the_time_and_goes_on(painted):
    painted.loop.correction.clock.seconds = 83.04
    painted.act("accept")
    version = painted.loop.session.project.labels.versions(painted.case)[-1]
    assert version.seconds == 83.0
    assert not version.confirmed
    assert f"{painted.case} accepted as version 1" in painted.said
    painted.until(lambda: painted.loop.correction.case not in ("", painted.case))


def test_a_case_that_cannot_be_read_leaves_the_open_one(painted, balls):
    with Project.open(balls.folder, write=False) as project:
        broken = project.case(list(painted.loop.queue.in_order())[1].case)
    broken.image.write_bytes(b"no image")
    painted.click_row(1)
    assert not painted.layer.editable  # it is not painted on while the other one is read
    painted.until(lambda: not painted.loop.correction.loading)
    assert broken.image.name in painted.said
    assert painted.loop.correction.case == painted.case
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
    assert painted.layer.mode == "paint"
    painted.layer.undo()
    np.testing.assert_array_equal(painted.layer.data, painted.before)


def test_only_the_newest_of_two_clicks_is_shown(window, balls):
    window.dock.open_project(balls.folder)
    window.click_row(0)
    newest = window.click_row(1)
    window.until(lambda: not window.loop.correction.files.busy)
    assert window.loop.correction.case == newest


@pytest.mark.parametrize("decision", ["accept", "confirm", "skip", "flag", "revert"])
def test_without_an_open_case_nothing_is_decided(window, balls, decision):
    window.dock.open_project(balls.folder)
    assert not getattr(window.loop.correction, decision)()
    window.loop.act(ACTIONS[decision])
    assert {case.status for case in window.loop.session.project.cases} <= {"new", "expert"}


def test_a_flag_is_taken_away_again(window, balls):
    window.dock.open_project(balls.folder)
    case = window.open_row(0)
    for status, words in (("flagged", f"{case} flagged."), ("new", "is no longer flagged")):
        window.act("flag")
        assert window.loop.session.project.case(case).status == status
        assert words in window.said


def test_skip_keeps_the_strokes(painted, balls):
    painted.act("skip")
    np.testing.assert_array_equal(painted.draft(balls, painted.case), painted.mask)
    assert painted.loop.session.project.case(painted.case).status == "skipped"


def test_a_decision_that_cannot_be_kept_is_said_and_the_case_stays(full_disk):
    full_disk.act("skip")
    assert full_disk.said == full_disk.error
    assert full_disk.loop.correction.case == full_disk.case
    assert full_disk.loop.session.project.case(full_disk.case).status != "skipped"


def test_a_case_that_is_still_read_when_the_project_closes_is_not_shown(window, balls):
    assert window.dock.open_project(balls.folder)
    window.loop.open_case("ball_04")
    assert window.dock.close_project()
    window.qtbot.wait(200)  # what was read is handed over now
    assert len(window.viewer.layers) == 0


def test_a_layer_of_the_users_own_is_taken_only_where_the_user_says_so(painted):
    loop, case = painted.loop, painted.case
    own = painted.viewer.add_labels(
        painted.before.astype(np.int32), name="mine", scale=painted.layer.scale,
        translate=painted.layer.translate,
    )  # fmt: skip
    own.paint((3, 8, 8), 1)
    answers = iter(["Cancel", "Cancel", "Accept 'mine'"])
    loop.correction.on_screen.ask = lambda _: next(answers)
    for decision in ("accept", "confirm"):
        painted.act(decision)
        assert painted.said == "Nothing was decided."
        assert loop.session.project.labels.versions(case) == ()
        np.testing.assert_array_equal(painted.layer.data, painted.mask)
    painted.act("accept")
    expert = loop.session.project.expert(loop.session.project.case(case))
    np.testing.assert_array_equal(expert.voxels, own.data)
    assert own in painted.viewer.layers


@pytest.mark.parametrize("kind", ["image", "teacher"])
def test_a_case_whose_file_has_changed_is_not_shown(window, balls, kind):
    window.dock.open_project(balls.folder)
    first = window.open_row(0)
    case = window.loop.session.project.case(list(window.loop.queue.in_order())[1].case)
    file = getattr(case, kind)
    mirror(file)
    window.click_row(1)
    window.rest()
    assert case.name in window.said
    assert file.name in window.said
    assert "has changed since" in window.said
    assert window.loop.correction.case == first
    assert window.loop.queue.selected == first


def mirror(file):
    """Another content of the same size, as by an export that was made anew."""
    voxels, grid = read_volume(file).voxels, read_grid(file)
    write_image(file, np.ascontiguousarray(voxels[..., ::-1]), grid)


def test_an_image_that_changed_while_its_case_is_open_takes_no_mask(painted):
    case = painted.loop.session.project.case(painted.case)
    mirror(case.image)
    painted.act("accept")
    assert case.image.name in painted.said
    assert "has changed since" in painted.said
    assert painted.loop.session.project.labels.versions(painted.case) == ()
    assert painted.loop.correction.drafts.dirty
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
