"""No path of an image, and so no name of a patient in it, is in what a failing child says."""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path

import pytest
from conftest import make_balls

from napari_alnt.data import Project
from napari_alnt.engine import redaction as redaction_module
from napari_alnt.engine.redaction import Redaction
from napari_alnt.events import Failed, Finished, Warned
from napari_alnt.session import Session

PATIENT = "SMITH JOHN 'Mü"


@pytest.fixture
def patient(tmp_path) -> Project:
    balls = make_balls(tmp_path / PATIENT, 1, 2)
    with Project.open(balls.folder) as project:
        yield project


def test_the_files_of_cases_become_their_numbers(patient):
    case = patient.case("ball_02")
    redaction = Redaction(patient.folder)
    assert redaction.text(f"The file '{case.image}' is damaged.") == (
        "The file 'image of case 3' is damaged."
    )
    assert redaction.text(f"{case.teacher}: {case.expert}") == "teacher of case 3: None"
    for shown in (repr, ascii):
        assert redaction.text(f"FileNotFoundError: {shown(str(case.image))[1:-1]}") == (
            "FileNotFoundError: image of case 3"
        )


def test_the_name_of_a_file_alone_is_not_told(patient):
    case = patient.case("ball_02")
    redaction = Redaction(patient.folder)
    assert redaction.text(f"The image ('{case.image.name}') has changed.") == (
        "The image ('image of case 3') has changed."
    )
    assert redaction.text(f"a{case.image.name}") == f"a{case.image.name}"


def test_a_name_that_files_of_several_cases_have_is_cut(patient, monkeypatch):
    files = [(Path(f"/{case}/ct.nii"), f"image of case {case}") for case in (1, 2)]
    monkeypatch.setattr(redaction_module, "_files", lambda _: iter(files))
    redaction = Redaction(patient.folder)
    assert redaction.text("'ct.nii' and '/2/ct.nii'") == "'…' and 'image of case 2'"


def test_other_files_lose_their_folders(patient):
    redaction = Redaction(patient.folder)
    file = patient.case("ball_02").image.parent / "other.nii.gz"
    assert redaction.text(f"no {file}") == "no …/other.nii.gz"
    assert redaction.text(f"no {file.parent}") == "no …"
    assert redaction.text(f"in {patient.folder}/runs/0001") == "in …/runs/0001"
    assert (
        redaction.text("'/elsewhere/SMITH JOHN/a.nii' and \"C:\\x\\b\"") == "'…/a.nii' and \"…/b\""
    )


@pytest.mark.parametrize(
    "text",
    [
        "no path at all, 1/2 and a/b",
        'File "/usr/lib/python3.11/json/__init__.py", line 1, in loads',
        "https://example.org/tmp/a",
    ],
)
def test_other_texts_stay(patient, text):
    assert Redaction(patient.folder).text(text) == text


def test_a_project_that_cannot_be_read_is_no_hindrance(tmp_path):
    redaction = Redaction(tmp_path / "SMITH" / "project")
    assert redaction.text(f"no {tmp_path}/SMITH/project/alnt.sqlite") == "no …/alnt.sqlite"


def test_sentences_of_events_are_looked_at(patient):
    image = str(patient.case("ball_02").image)
    redaction = Redaction(patient.folder)
    assert redaction.event(Failed(f"A {image}.", f"B {image}.")) == Failed(
        "A image of case 3.", "B image of case 3."
    )
    assert redaction.event(Warned(image)) == Warned("image of case 3")
    assert redaction.event(Finished(3)) == Finished(3)


def test_what_is_written_to_a_stream_is_looked_at(patient):
    image = str(patient.case("ball_02").image)
    under = io.StringIO()
    stream = Redaction(patient.folder).stream(under)
    assert stream.write(image) == len(image)
    stream.writelines([image, image])
    print(image, file=stream)
    stream.flush()
    assert under.getvalue() == "image of case 3" * 4 + "\n"


def test_logs_and_tracebacks_go_through_it(patient, monkeypatch):
    image = str(patient.case("ball_02").image)
    under = io.StringIO()
    monkeypatch.setattr(sys, "stderr", Redaction(patient.folder).stream(under))
    logging.StreamHandler().handle(logging.makeLogRecord({"msg": f"odd: {image}"}))
    sys.__excepthook__(OSError, OSError(2, "No such file", image), None)
    assert under.getvalue().count("image of case 3") == 2
    assert "SMITH" not in under.getvalue()


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_neither_the_log_nor_the_last_event_names_the_folder(patient, damage):
    image = patient.case("ball_02").image
    folder = patient.folder
    patient.close()
    image.write_bytes(image.read_bytes()[:100])
    if damage == "gone":
        image.unlink()
    with Session.open(folder) as session:
        *_, last = session.train()
        assert isinstance(last, Failed)
        log = session.engine.log.read_text()
    assert "Traceback" in log
    assert ("image of case 3" if damage == "gone" else "'ball_02'") in last.message
    for text in (last.message, last.detail, log):
        assert "SMITH" not in text
