"""Terraform found, refused and downloaded; what it cannot get is said in one error."""

from __future__ import annotations

import hashlib
import http.server
import io
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest

from harness.model.environment import Place
from harness.model.errors import TerraformError, TerraformMissingError
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.terraform import find_terraform, release
from harness.terraform.release import VERSION, install_terraform
from harness.terraform.workfolder import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.only_on("embedded")

SCRIPT = b'#!/bin/sh\necho "{\\"terraform_version\\": \\"%s\\"}"\n'


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    (tmp_path / "path").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    return Workspace(tmp_path / "project")


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)
        return path

    return write


class Releases:
    """An HTTP server on loopback that publishes files as releases.hashicorp.com does."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        releases = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = releases.files.get(self.path.rpartition("/")[2])
                self.send_response(404 if content is None else 200)
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="releases")
        self._thread.start()

    def publish(self, program: bytes, *, digest: str | None = None, listed: bool = True) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("terraform", program)
        name = f"terraform_{VERSION}_{release._platform()}.zip"
        self.files[name] = buffer.getvalue()
        digest = digest or hashlib.sha256(buffer.getvalue()).hexdigest()
        lines = [f"{'0' * 64}  terraform_{VERSION}_plan9_amd64.zip"]
        lines += [f"{digest}  {name}"] if listed else []
        self.files[f"terraform_{VERSION}_SHA256SUMS"] = "\n".join(lines).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def releases() -> Iterator[Releases]:
    made = Releases()
    yield made
    made.close()


def test_a_published_release_is_installed_and_found(workspace: Workspace, releases: Releases) -> None:
    releases.publish(SCRIPT % VERSION.encode())
    path = install_terraform(workspace, releases.url)
    assert path == workspace.state / "bin" / "terraform"
    found = find_terraform(workspace, Settings())
    assert (found.path, found.version) == (path, VERSION)


def test_a_release_with_another_sum_is_not_installed(workspace: Workspace, releases: Releases) -> None:
    releases.publish(SCRIPT % b"1.9.0")
    before = install_terraform(workspace, releases.url).read_bytes()
    releases.publish(SCRIPT % b"6.6.6", digest="a" * 64)
    with pytest.raises(TerraformMissingError, match=f"is not what was published: .*expected was {'a' * 64}"):
        install_terraform(workspace, releases.url)
    folder = workspace.state / "bin"
    assert (folder / "terraform").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["lock", "terraform"]


def test_a_release_that_the_sums_do_not_list_is_not_installed(
    workspace: Workspace, releases: Releases
) -> None:
    releases.publish(b"x", listed=False)
    with pytest.raises(TerraformMissingError, match="hold none for terraform_"):
        install_terraform(workspace, releases.url)
    assert not (workspace.state / "bin" / "terraform").exists()


def test_a_release_that_is_not_there(workspace: Workspace, releases: Releases) -> None:
    with pytest.raises(TerraformMissingError, match=r"cannot be downloaded from http://127.*404") as caught:
        install_terraform(workspace, releases.url)
    assert caught.value.hint is not None


def test_no_terraform_names_the_command_that_installs_one(workspace: Workspace) -> None:
    with pytest.raises(TerraformMissingError, match="not on PATH") as caught:
        find_terraform(workspace, Settings())
    assert "harness doctor --fix" in str(caught.value)


def test_one_that_is_too_old_is_refused(workspace: Workspace, put: Callable[[str, bytes], Path]) -> None:
    put("path/terraform", SCRIPT % b"1.4.7")
    with pytest.raises(TerraformMissingError, match=r"Terraform 1\.4\.7 .* too old: .* 1\.5 or newer"):
        find_terraform(workspace, Settings())


def test_an_installed_one_stands_in_for_one_that_is_too_old(
    workspace: Workspace, put: Callable[[str, bytes], Path]
) -> None:
    put("path/terraform", SCRIPT % b"1.4.7")
    put("project/.harness/bin/terraform", SCRIPT % b"1.12.0-beta1")
    assert find_terraform(workspace, Settings()).version == "1.12.0-beta1"


def test_the_setting_comes_first(workspace: Workspace, put: Callable[[str, bytes], Path]) -> None:
    put("path/terraform", SCRIPT % b"1.6.0")
    put("project/tools/tf", SCRIPT % b"1.7.0")
    assert find_terraform(workspace, Settings(terraform="tools/tf")).version == "1.7.0"
    with pytest.raises(TerraformMissingError, match=r"setting `terraform` names .*/tools/other"):
        find_terraform(workspace, Settings(terraform="tools/other"))


def test_a_new_version_is_noticed(workspace: Workspace, put: Callable[[str, bytes], Path]) -> None:
    put("path/terraform", SCRIPT % b"1.6.0")
    assert find_terraform(workspace, Settings()).version == "1.6.0"
    put("path/terraform", SCRIPT % b"1.10.10")
    assert find_terraform(workspace, Settings()).version == "1.10.10"


@pytest.mark.parametrize("program", [b"#!/bin/sh\necho something else\n", b"no program"])
def test_what_is_no_terraform_is_refused(
    workspace: Workspace, put: Callable[[str, bytes], Path], program: bytes
) -> None:
    put("path/terraform", program)
    with pytest.raises(TerraformMissingError):
        find_terraform(workspace, Settings())


def test_providers_that_cannot_be_had_give_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.terraform.workfolder.HOST_NETWORK", ("HTTPS_PROXY",))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    workspace = Workspace(tmp_path)
    work = WorkFolder(workspace, Place(), find_terraform(workspace, Settings()))
    document = {"terraform": {"required_providers": {"none": {"source": "example.invalid/no/none"}}}}
    with pytest.raises(TerraformError, match="cannot get the providers") as caught:
        work.initialize(document)
    assert caught.value.detail is not None
    assert "example.invalid" in caught.value.detail
    assert caught.value.hint is not None
