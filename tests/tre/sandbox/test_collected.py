"""What a run left behind is taken without following anything that it made."""

import os
import socket
from pathlib import Path

from tre.sandbox.collected import collect, read_plain, take


def test_only_plain_files_are_taken(short_folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("host secret")
    linked = tmp_path / "linked"
    linked.write_text("host file")
    (short_folder / "good.csv").write_text("a,b\n")
    (short_folder / "link.csv").symlink_to(secret)
    (short_folder / "folder").mkdir()
    (short_folder / ".hidden").write_text("x")
    (short_folder / "odd\nname").write_text("x")
    (short_folder / ("n" * 130)).write_text("x")
    os.mkfifo(short_folder / "pipe")
    os.link(linked, short_folder / "hard")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(short_folder / "sock"))
        found = collect(short_folder)
    assert [(file.name, file.size) for file in found.files] == [("good.csv", 4)]
    assert found.ignored == 8


def test_a_link_is_never_read(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert read_plain(tmp_path / "link", 100) is None
    assert take(tmp_path / "link") is None
    assert read_plain(tmp_path / "target", 100) == b"secret"


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * 101)
    assert read_plain(tmp_path / "long", 100) is None
    assert read_plain(tmp_path / "absent", 100) is None


def test_no_more_files_are_taken_than_allowed(tmp_path: Path) -> None:
    for number in range(1003):
        (tmp_path / f"f{number}").touch()
    found = collect(tmp_path)
    assert (len(found.files), found.ignored) == (1000, 3)
