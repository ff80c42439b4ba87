"""A package's requirements, installed from wheels that lie beside the requirements file."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from harness.model.errors import PackageError
from harness.project.packaging import build_package, build_zip
from harness.project.packaging.requirements import LEFT_OUT
from harness.project.settings import PackageSettings
from harness.project.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


def write_wheel(folder: Path, content: str, *, tag: str = "py3-none-any") -> Path:
    """A wheel `greeting` with a module, a command and its metadata."""
    info = "greeting-1.0.dist-info"
    path = folder / f"greeting-1.0-{tag}.whl"
    path.write_bytes(
        build_zip(
            {
                "greeting.py": content.encode(),
                f"{info}/METADATA": b"Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
                f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
                f"{info}/entry_points.txt": b"[console_scripts]\ngreet = greeting:main\n",
                f"{info}/RECORD": b"",
            }
        )
    )
    return path


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    return project(tmp_path / "project")


def project(root: Path, content: str = "HELLO = 'hello'\n") -> Workspace:
    root.mkdir()
    (root / "handler.py").write_text("import greeting\n")
    (root / "requirements.txt").write_text("./" + write_wheel(root, content).name + "\n")
    return Workspace(root)


def package(runtime: str = "python3.9", *sources: str) -> PackageSettings:
    return PackageSettings("out.zip", sources or ("handler.py",), "requirements.txt", runtime)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_requirements_stand_beside_the_sources(workspace: Workspace) -> None:
    built = build_package(workspace, package())
    assert list(contents(built.path)) == [
        "greeting-1.0.dist-info/METADATA",
        "greeting-1.0.dist-info/WHEEL",
        "greeting-1.0.dist-info/entry_points.txt",
        "greeting.py",
        "handler.py",
    ]
    assert contents(built.path)["greeting.py"] == b"HELLO = 'hello'\n"
    assert list(built.sources) == ["handler.py"]


def test_the_bytes_do_not_depend_on_the_place(workspace: Workspace, tmp_path: Path) -> None:
    other = project(tmp_path / "another project")
    assert build_package(workspace, package()).sha256 == build_package(other, package()).sha256


def test_what_is_installed_is_kept_until_what_it_is_made_of_changes(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build_package(workspace, package())
    with monkeypatch.context() as patch:
        patch.setattr("uv.find_uv_bin", lambda: sys.exit("uv ran again"))
        assert not build_package(workspace, package()).changed
    write_wheel(workspace.root, "HELLO = 'good evening'\n")
    second = build_package(workspace, package())
    assert second.changed
    assert second.sha256 != first.sha256
    assert contents(second.path)["greeting.py"] == b"HELLO = 'good evening'\n"


def test_a_source_takes_the_place_of_a_requirements_file(workspace: Workspace) -> None:
    (workspace.root / "greeting.py").write_text("HELLO = 'mine'\n")
    built = build_package(workspace, package("python3.9", "handler.py", "greeting.py"))
    assert contents(built.path)["greeting.py"] == b"HELLO = 'mine'\n"


def test_requirements_are_those_of_the_runtimes_python(workspace: Workspace) -> None:
    (workspace.root / "greeting-1.0-py3-none-any.whl").unlink()
    wheel = write_wheel(workspace.root, "HELLO = 'newer'\n", tag="cp312-none-any")
    (workspace.root / "requirements.txt").write_text(f"./{wheel.name}\n")
    assert b"newer" in contents(build_package(workspace, package("python3.12")).path)["greeting.py"]
    with pytest.raises(PackageError, match=r"requirements\.txt cannot be installed") as caught:
        build_package(workspace, package("python3.9"))
    assert "greeting" in str(caught.value.detail)


def test_a_failed_install_leaves_nothing_behind(workspace: Workspace) -> None:
    (workspace.root / "requirements.txt").write_text("./missing-1.0-py3-none-any.whl\n")
    with pytest.raises(PackageError, match=r"requirements\.txt cannot be installed") as caught:
        build_package(workspace, package())
    assert "missing" in str(caught.value.detail)
    assert list((workspace.state / "packages").iterdir()) == []
    assert not (workspace.root / "out.zip").exists()


def test_requirements_need_a_python_runtime(workspace: Workspace) -> None:
    with pytest.raises(PackageError, match="not for nodejs22"):
        build_package(workspace, package("nodejs22.x"))


@pytest.mark.parametrize(
    "name",
    [
        "a-1.dist-info/RECORD",
        "a-1.dist-info/INSTALLER",
        "a-1.dist-info/direct_url.json",
        "bin/tool",
        "a/__pycache__/b.pyc",
        ".lock",
    ],
)
def test_what_differs_from_machine_to_machine_is_left_out(name: str) -> None:
    assert LEFT_OUT.search(name)
    assert not LEFT_OUT.search(f"package/data-{name.replace('/', '-')}.txt")
