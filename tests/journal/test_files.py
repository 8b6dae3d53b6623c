"""Where sessions lie: joined, refused, appended to, begun anew, and offered again after a crash."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from workbench.journal import files
from workbench.journal.files import SessionExists, being_written, fresh_path, leftovers, record_to, sessions_folder
from workbench.journal.reader import Journal
from workbench.probe.format import CODE
from workbench.probe.recorder import Recorder


def call(recorder: Recorder, name: str = "close") -> None:
    recorder.call(CODE[name], (recorder.pid, recorder.number()), 0, 1)


def names(path: Path) -> list[str]:
    journal = Journal(path)
    journal.pull()
    return [one.call for one in journal]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A session that was ended."""
    path = tmp_path / "old.swb"
    recorder = record_to(path)
    call(recorder, "listen")
    recorder.close()
    return path


def test_a_new_file_is_private(old: Path) -> None:
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


def test_an_old_file_is_refused_unless_told_what_to_do(old: Path) -> None:
    before = old.read_bytes()
    with pytest.raises(SessionExists, match=r"old\.swb exists: add --append or --overwrite"):
        record_to(old)
    assert old.read_bytes() == before


def test_append_adds(old: Path) -> None:
    recorder = record_to(old, append=True)
    call(recorder)
    recorder.close()
    assert names(old) == ["listen", "close"]


def test_overwrite_begins_anew_and_who_reads_the_old_one_keeps_it(old: Path) -> None:
    reading = Journal(old)
    recorder = record_to(old, overwrite=True)
    call(recorder)
    recorder.close()
    assert names(old) == ["close"]
    reading.read_all()
    assert [one.call for one in reading] == ["listen"]


@pytest.mark.parametrize("options", [{}, {"append": True}, {"overwrite": True}])
def test_a_file_that_is_being_written_is_joined(options: dict[str, bool], tmp_path: Path) -> None:
    path = tmp_path / "live.swb"
    one = record_to(path)
    call(one, "listen")
    other = record_to(path, **options)
    call(other)
    one.close()
    assert being_written(path)
    other.close()
    assert not being_written(path)
    assert names(path) == ["listen", "close"]


def test_nothing_is_appended_to_a_file_that_is_no_session(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear all")
    with pytest.raises(SessionExists, match="is not a session file"):
        record_to(path, append=True)
    assert path.read_text() == "Dear all"


def test_an_empty_file_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "empty.swb"
    path.touch()
    record_to(path).close()


@pytest.mark.parametrize("name", ["/dev/null", "."])
def test_only_regular_files(name: str) -> None:
    with pytest.raises(SessionExists, match="is not a regular file"):
        record_to(Path(name), overwrite=True)


def test_the_folder_of_sessions_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = sessions_folder()
    assert folder == tmp_path / "socket-workbench" / "sessions"
    folder.chmod(0o755)
    assert stat.S_IMODE(sessions_folder().stat().st_mode) == 0o700


def test_a_fresh_name_tells_when_and_who(tmp_path: Path) -> None:
    assert fresh_path(tmp_path, now=0).name.endswith(f"-{os.getpid()}.swb")
    assert fresh_path(tmp_path, now=0) != fresh_path(tmp_path, now=86400)


def test_leftovers_are_what_nobody_writes_any_more_newest_first(tmp_path: Path) -> None:
    for name in ("20260101-120000-7.swb", "20260102-120000-8.swb"):
        record_to(tmp_path / name).close()
    running = record_to(tmp_path / "20260103-120000-9.swb")
    assert [path.name for path in leftovers(tmp_path)] == ["20260102-120000-8.swb", "20260101-120000-7.swb"]
    running.close()
    assert len(leftovers(tmp_path)) == 3


def test_what_is_no_session_is_no_leftover(tmp_path: Path) -> None:
    (tmp_path / "letter.swb").write_bytes(b"Dear reader")
    (tmp_path / "empty.swb").touch()
    (tmp_path / "folder.swb").mkdir()
    (tmp_path / "nowhere.swb").symlink_to(tmp_path / "gone")
    assert leftovers(tmp_path) == []


def test_discarding_what_is_gone_is_no_error(tmp_path: Path) -> None:
    files.discard(tmp_path / "none.swb")
