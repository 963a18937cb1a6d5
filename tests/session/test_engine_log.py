"""The engine's log: bounded, with the end of each job kept."""

from __future__ import annotations

import os

import pytest

from napari_alnt.session import engine_log
from napari_alnt.session.engine_log import EngineLog


@pytest.fixture
def logged(tmp_path):
    """Writes to a log what a child says, and gives what is kept in memory of it."""

    def logged(*said: bytes, path=tmp_path / "engine.log") -> str:
        reading, writing = os.pipe()
        log = EngineLog(path, os.fdopen(reading, "rb"))
        with os.fdopen(writing, "wb") as errors:
            errors.write(b"".join(said))
        return log.end(60)

    return logged


def test_what_is_said_is_added_to_the_log(logged, tmp_path):
    assert logged(b"one\n") == "one\n"
    assert logged(b"two \xff\n") == "two �\n"
    assert (tmp_path / "engine.log").read_bytes() == b"one\ntwo \xff\n"


def test_a_flood_is_cut_and_its_end_is_kept(logged, tmp_path, monkeypatch):
    monkeypatch.setattr(engine_log, "LIMIT", 100_000)
    said = b"".join(b"%09d\n" % number for number in range(100_000))
    assert logged(said) == said[-4000:].decode()
    kept = (tmp_path / "engine.log").read_bytes()
    assert kept[:100_000] == said[:100_000]
    assert kept.endswith(said[-4000:])
    assert len(kept) < 105_000


def test_a_log_that_is_full_is_begun_anew_by_the_next_job(logged, tmp_path, monkeypatch):
    monkeypatch.setattr(engine_log, "LIMIT", 10)
    logged(b"a" * 30)
    logged(b"new")
    assert (tmp_path / "engine.log").read_bytes() == b"new"


def test_a_log_that_cannot_be_written_does_not_block_the_child(logged, tmp_path):
    said = b"a" * 500_000 + b"end"
    assert logged(said, path=tmp_path / "none" / "engine.log").endswith("aend")


def test_a_pipe_that_stays_open_is_not_waited_for(tmp_path):
    reading, writing = os.pipe()
    log = EngineLog(tmp_path / "engine.log", os.fdopen(reading, "rb"))
    assert log.end(0.01) == ""
    os.close(writing)
    log.end(60)
