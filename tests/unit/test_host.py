"""What the harness's programs take from this machine."""

from __future__ import annotations

from pathlib import Path

from harness.model.host import shown


def test_a_path_in_the_home_folder_is_shown_from_there() -> None:
    assert shown(Path.home() / ".pyenv" / "bin") == "~/.pyenv/bin"
    assert shown(Path("/usr/bin/python3")) == "/usr/bin/python3"
