"""Deployment packages: what goes in, and the same bytes every time."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from harness.model.errors import PackageError
from harness.project.packaging import build_package, build_zip, read_package
from harness.project.settings import PackageSettings
from harness.project.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "project"
    (root / "shared" / "deep").mkdir(parents=True)
    (root / "handler.py").write_text("def handler(event, context):\n    return event\n")
    (root / "shared" / "tools.py").write_text("ONE = 1\n")
    (root / "shared" / "deep" / "data.json").write_text("{}")
    return Workspace(root)


def package(*sources: str, output: str = "out.zip", requirements: str | None = None) -> PackageSettings:
    return PackageSettings(output, sources, requirements)


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


# --- The zip ------------------------------------------------------------------------------------------------


def test_the_bytes_depend_on_nothing_but_names_contents_and_modes(tmp_path: Path) -> None:
    archives = []
    for mtime, order in ((1, ("a.py", "b.py")), (2_000_000_000, ("b.py", "a.py"))):
        folder = tmp_path / str(mtime)
        folder.mkdir(mode=0o700)
        for name in order:
            (folder / name).write_text(f"# {name}\n")
            (folder / name).chmod(0o600 if mtime == 1 else 0o664)
            os.utime(folder / name, (mtime, mtime))
        archives.append(build_zip({name: folder / name for name in order}))
    assert archives[0] == archives[1]


def test_times_modes_and_order_are_fixed(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o700)
    archive = zipfile.ZipFile(io.BytesIO(build_zip({"z/run.sh": script, "a.py": b"A = 1\n"})))
    assert [
        (info.filename, info.date_time, stat.filemode(info.external_attr >> 16), info.compress_type)
        for info in archive.infolist()
    ] == [
        ("a.py", (1980, 1, 1, 0, 0, 0), "-rw-r--r--", zipfile.ZIP_DEFLATED),
        ("z/run.sh", (1980, 1, 1, 0, 0, 0), "-rwxr-xr-x", zipfile.ZIP_DEFLATED),
    ]
    assert archive.read("a.py") == b"A = 1\n"


def test_a_change_of_content_or_mode_changes_the_bytes(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o644)
    first = build_zip({"run.sh": script})
    script.chmod(0o755)
    second = build_zip({"run.sh": script})
    script.write_text("#!/bin/sh\ntrue\n")
    assert len({first, second, build_zip({"run.sh": script})}) == 3


# --- The package --------------------------------------------------------------------------------------------


def test_files_stand_at_the_root_and_folders_keep_their_name(workspace: Workspace) -> None:
    built = build_package(workspace, package("handler.py", "shared"))
    assert names(built.path) == ["handler.py", "shared/deep/data.json", "shared/tools.py"]
    assert built.sources == {
        "handler.py": workspace.root / "handler.py",
        "shared/deep/data.json": workspace.root / "shared/deep/data.json",
        "shared/tools.py": workspace.root / "shared/tools.py",
    }
    assert built.path == workspace.root / "out.zip"
    assert read_package(built.path) == built.sha256


def test_what_python_makes_is_left_out(workspace: Workspace) -> None:
    before = build_package(workspace, package("shared")).sha256
    (workspace.root / "shared" / "__pycache__").mkdir()
    (workspace.root / "shared" / "__pycache__" / "tools.cpython-313.pyc").write_bytes(b"x")
    (workspace.root / "shared" / "old.pyc").write_bytes(b"x")
    after = build_package(workspace, package("shared"))
    assert after.sha256 == before
    assert not after.changed


def test_the_zip_is_written_only_when_its_bytes_differ(workspace: Workspace) -> None:
    assert build_package(workspace, package("handler.py")).changed
    path = workspace.root / "out.zip"
    os.utime(path, (1, 1))
    assert not build_package(workspace, package("handler.py")).changed
    (workspace.state / "packages" / "out.zip.json").unlink()
    assert not build_package(workspace, package("handler.py")).changed
    assert path.stat().st_mtime == 1
    (workspace.root / "handler.py").write_text("def handler(event, context):\n    return 1\n")
    assert build_package(workspace, package("handler.py")).changed
    assert path.stat().st_mtime != 1
    assert [file.name for file in workspace.root.glob(".out*")] == []


@pytest.mark.parametrize("content", [b"", b"no zip"])
def test_a_zip_that_somebody_damaged_is_made_anew(workspace: Workspace, content: bytes) -> None:
    whole = build_package(workspace, package("handler.py"))
    whole.path.write_bytes(content)
    again = build_package(workspace, package("handler.py"))
    assert again.changed
    assert read_package(again.path) == whole.sha256


def test_the_output_may_lie_in_a_folder_of_its_own(workspace: Workspace) -> None:
    built = build_package(workspace, package("handler.py", output="build/zips/out.zip"))
    assert names(built.path) == ["handler.py"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (package("missing.py"), "missing.py, which does not exist"),
        (package(), "out.zip has no sources"),
        (package("../elsewhere.py"), "The source ../elsewhere.py lies outside of the project"),
        (package("/etc/hostname"), "The source /etc/hostname lies outside of the project"),
        (package("."), "the whole project"),
        (package("handler.py", output="../out.zip"), "output ../out.zip lies outside of the project"),
        (package("handler.py", output="shared"), "output shared is a folder"),
        (package("empty"), "would be empty"),
        (package("handler.py", "other/handler.py"), "as handler.py"),
        (package("handler.py", requirements="missing.txt"), "missing.txt does not exist"),
    ],
)
def test_what_cannot_be_packaged_is_named(
    workspace: Workspace, settings: PackageSettings, message: str
) -> None:
    (workspace.root.parent / "elsewhere.py").write_text("")
    (workspace.root / "empty").mkdir()
    (workspace.root / "other").mkdir()
    (workspace.root / "other" / "handler.py").write_text("")
    with pytest.raises(PackageError, match=message):
        build_package(workspace, settings)
    assert not (workspace.root / "out.zip").exists()


def test_a_link_that_leads_outside_is_outside(workspace: Workspace) -> None:
    (workspace.root.parent / "elsewhere.py").write_text("")
    (workspace.root / "link.py").symlink_to(workspace.root.parent / "elsewhere.py")
    with pytest.raises(PackageError, match=r"link\.py lies outside"):
        build_package(workspace, package("link.py"))


def test_a_link_inside_of_the_project_keeps_its_own_name(workspace: Workspace) -> None:
    (workspace.root / "link.py").symlink_to("handler.py")
    (workspace.root / "shared" / "more").symlink_to("deep")
    built = build_package(workspace, package("link.py", "shared"))
    assert names(built.path) == [
        "link.py",
        "shared/deep/data.json",
        "shared/more/data.json",
        "shared/tools.py",
    ]


def test_a_link_in_a_folder_must_not_lead_outside_or_back(workspace: Workspace) -> None:
    link = workspace.root / "shared" / "link"
    link.symlink_to(workspace.root.parent)
    with pytest.raises(PackageError, match=r"lies outside|leads back"):
        build_package(workspace, package("shared"))
    link.unlink()
    link.symlink_to(".")
    with pytest.raises(PackageError, match="leads back"):
        build_package(workspace, package("shared"))
    link.unlink()
    link.symlink_to("missing")
    with pytest.raises(PackageError, match="neither a file nor a folder"):
        build_package(workspace, package("shared"))
    link.unlink()
    os.mkfifo(link)
    with pytest.raises(PackageError, match="neither a file nor a folder"):
        build_package(workspace, package("shared"))


# --- Zips that others made ----------------------------------------------------------------------------------


def test_a_missing_package_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="is missing") as caught:
        read_package(tmp_path / "out.zip")
    assert "harness package" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a readable zip"),
        (b"no zip", "is not a readable zip"),
        (build_zip({"a.py": b"A = 1\n" * 100})[:-10], "is not a readable zip"),
        (build_zip({}), "is empty"),
        (build_zip({"../a.py": b""}), "leads outside"),
        (build_zip({"/a.py": b""}), "leads outside"),
    ],
)
def test_an_unreadable_package_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "out.zip"
    path.write_bytes(content)
    with pytest.raises(PackageError, match=message) as caught:
        read_package(path)
    assert str(path) in str(caught.value)


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    content = bytearray(build_zip({"a.bin": bytes(range(256)) * 40}))
    content[60] ^= 0xFF
    path = tmp_path / "out.zip"
    path.write_bytes(content)
    with pytest.raises(PackageError, match=r"damaged|not a readable zip"):
        read_package(path)
