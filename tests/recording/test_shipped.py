"""The recordings that come with llmgate are made by their script, honest, and of a human pace."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from llmgate.recording.canonical import recording_id
from llmgate.recording.format import SUFFIX, Recording, read, write
from llmgate.recording.library import Library, shipped_folder

FOLDER = shipped_folder()
PATHS = sorted(FOLDER.glob("*" + SUFFIX))
RECORDINGS = {path.name: read(path.read_bytes(), path.name) for path in PATHS}
SECRET = re.compile(rb"sk-[A-Za-z0-9]{8}|AIza|ghp_|gsk_|hf_[A-Za-z]{8}|Bearer |-----BEGIN|AKIA")
each = pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS.keys())


def test_the_files_are_what_their_script_makes(tmp_path: Path) -> None:
    script = [sys.executable, str(FOLDER / "make.py"), "--to", str(tmp_path)]
    subprocess.run(script, check=True, capture_output=True)

    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made.keys() == RECORDINGS.keys()
    assert all(data == (FOLDER / name).read_bytes() for name, data in made.items())


def test_all_of_them_can_be_read() -> None:
    library = Library(FOLDER)

    assert {recording.name for recording in library.recordings} == RECORDINGS.keys()
    assert library.problems == []


def test_no_two_answer_the_same_request() -> None:
    ids = [recording.id for recording in RECORDINGS.values()]

    assert len(set(ids)) == len(ids)


@each
def test_it_says_that_it_is_made_up(recording: Recording) -> None:
    assert recording.made_up
    assert "no real person" in recording.note


@each
def test_its_bytes_and_id_are_what_writing_it_gives(recording: Recording) -> None:
    data = (FOLDER / recording.name).read_bytes()

    assert write(recording) == data
    assert recording.id == recording_id(recording.dialect, recording.path, recording.body)
    assert not SECRET.search(data)


@each
def test_it_answers_its_own_request(recording: Recording) -> None:
    library = Library(FOLDER)
    found = library.nearest(recording.dialect, recording.path, recording.body, recording.stream)

    assert found is not None
    assert found.name == recording.name


@each
def test_its_pace_is_that_of_a_real_provider(recording: Recording) -> None:
    assert recording.total_us <= 6_000_000
    assert recording.ttft_us == recording.us[0]
    if recording.stream:
        assert 200_000 <= recording.ttft_us <= 900_000
        assert max(recording.us[1:]) <= 450_000
