"""The app runs under the user's own Python, with the user's cdktf, whatever command starts it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uv

from harness.model.environment import own_account
from harness.model.errors import SynthError
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.terraform import synthesize
from harness_emulator.functions.runtimes.discovery import find_interpreter
from tests.support.deployable import WRITTEN, Deployable

if TYPE_CHECKING:
    from harness.terraform import Synthesized

pytestmark = pytest.mark.only_on("embedded")

LAB = Path(__file__).parents[2] / "examples" / "lab"
OTHER_VERSIONS = ("cdktf==0.20.8", "cdktf-cdktf-provider-aws==19.23.0")
INIT = {"language": "python", "projectId": "0d1e", "sendCrashReports": "false", "terraformProviders": []}
"""The rest of what `cdktf init` writes into cdktf.json."""
PIPFILE = '[packages]\ncdktf = "*"\n'


def run_uv(*arguments: str | Path) -> None:
    subprocess.run([uv.find_uv_bin(), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The lab's project, with a `.venv` of Python 3.10 and other versions of cdktf and the AWS binding."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copy(LAB / "main.py", root)
    shutil.copy(LAB / "lambda_deployment.zip", root)
    (root / "cdktf.json").write_text(json.dumps({**INIT, "app": "python3 main.py"}))
    (root / "Pipfile").write_text(PIPFILE)
    run_uv("venv", "--python", find_interpreter("python3.10").path, root / ".venv")
    run_uv("pip", "install", "--python", root / ".venv", *OTHER_VERSIONS)
    return Workspace(root)


@pytest.fixture(scope="module")
def pipenv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH that holds pipenv, and none of the Pythons beside it."""
    folder = tmp_path_factory.mktemp("pipenv")
    run_uv("venv", "--python", sys.executable, folder / "venv")
    run_uv("pip", "install", "--python", folder / "venv", "pipenv")
    (folder / "bin").mkdir()
    (folder / "bin" / "pipenv").symlink_to(folder / "venv" / "bin" / "pipenv")
    return folder / "bin"


def synth(
    workspace: Workspace, settings: Settings | None = None, progress: Progress | None = None
) -> Synthesized:
    return synthesize(workspace, settings or Settings(), place=own_account(), progress=progress or Progress())


def versions(made: Synthesized) -> tuple[str, str]:
    """cdktf's version, and the AWS provider's that its binding asks for."""
    return (
        made.document["//"]["metadata"]["version"],
        made.document["terraform"]["required_providers"]["aws"]["version"],
    )


def test_a_bare_project_brings_its_own_python_cdktf_and_bindings(lab: Workspace) -> None:
    made = synth(lab)
    assert made.fresh
    assert versions(made) == ("0.20.8", "5.54.1")
    inputs = json.loads((lab.deployment(own_account().folder) / "synth" / "inputs.json").read_text())
    assert inputs["python"].startswith(f"{lab.root}/.venv/bin/python")
    assert inputs["complete"]
    assert not synth(lab).fresh

    (lab.root / "notes.py").write_text("")  # beside main.py, so a module that it might import
    assert synth(lab).fresh
    installed = next((lab.root / ".venv" / "lib").glob("python3*/site-packages")) / "new-1.0.dist-info"
    installed.mkdir()
    assert synth(lab).fresh
    assert not synth(lab).fresh


@pytest.mark.parametrize(
    "command",
    [
        "pipenv run python main.py",
        "uv run --no-project python main.py",
        ".venv/bin/python main.py",
        "STAGE=test python main.py && true",
    ],
)
def test_any_command_is_followed(
    lab: Workspace, pipenv: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv(
        "PATH", os.pathsep.join((str(pipenv), str(Path(uv.find_uv_bin()).parent), os.environ["PATH"]))
    )
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    settings = Settings(app=command)
    made = synth(lab, settings)
    assert made.fresh
    assert versions(made) == ("0.20.8", "5.54.1")
    assert not synth(lab, settings).fresh


def test_an_exception_under_pipenv_names_the_users_line(
    lab: Workspace, pipenv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join((str(pipenv), os.environ["PATH"])))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    project = Deployable(tmp_path / "project", app="\nraise KeyError('queue')\n")
    project.set(app="pipenv run python app.py")
    project.write("Pipfile", PIPFILE)
    (project.workspace.root / ".venv").symlink_to(lab.root / ".venv")
    with pytest.raises(SynthError, match=r"failed at app\.py:2: KeyError: 'queue'"):
        project.synthesize()


@pytest.mark.parametrize("runtime", ["python3.8", "python3.12"])
def test_other_pythons_report_what_they_read(tmp_path: Path, runtime: str) -> None:
    project = Deployable(tmp_path / "project", app=f"import helper\n{WRITTEN}")
    project.write("helper.py", "x = 1")
    project.write("unread.py", "")
    project.queues(One={"name": "one"})
    project.set(app=f"{find_interpreter(runtime).path} app.py")
    assert project.synthesize().fresh
    project.write("unread.py", "changed")
    assert not project.synthesize().fresh
    project.write("helper.py", "x = 2")
    assert project.synthesize().fresh
    project.write("helper.py", "x = nothing")
    with pytest.raises(SynthError, match=r"failed at helper\.py:1: NameError"):
        project.synthesize()


def test_a_python_without_cdktf_is_named(tmp_path: Path) -> None:
    project = Deployable(tmp_path / "project", app="import cdktf\n")
    run_uv("venv", "--python", find_interpreter("python3.10").path, project.workspace.root / ".venv")
    with pytest.raises(SynthError, match="No module named 'cdktf'") as failed:
        project.synthesize()
    assert str(project.workspace.root / ".venv" / "bin" / "python") in (failed.value.hint or "")


def test_the_users_variables_and_sitecustomize_reach_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = "[os.environ.get(name) for name in ('TF_VAR_size', 'MARK', 'VIRTUAL_ENV')]"
    project = Deployable(
        tmp_path / "project",
        app=f"{WRITTEN}\nimport marked\nPath('seen.txt').write_text(json.dumps({seen}))",
    )
    project.queues(One={"name": "one"})
    project.write("own/sitecustomize.py", "import os\nos.environ['MARK'] = 'made by the user'\n")
    project.write("own/marked.py", "")
    monkeypatch.setenv("PYTHONPATH", str(project.workspace.root / "own"))
    monkeypatch.setenv("TF_VAR_size", "3")
    project.synthesize()
    assert json.loads((project.workspace.root / "seen.txt").read_text()) == [
        "3",
        "made by the user",
        sys.prefix,
    ]
    assert not project.synthesize().fresh
    monkeypatch.setenv("TF_VAR_size", "4")
    assert project.synthesize().fresh


def test_what_the_app_prints_is_noted_and_never_on_standard_output(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project = Deployable(tmp_path / "project", app=f"print('a line of the app')\n{WRITTEN}")
    project.queues(One={"name": "one"})
    stream = io.StringIO()
    project.progress = Progress(stream)
    project.synthesize()
    assert "a line of the app" in stream.getvalue()
    assert capfd.readouterr().out == ""


def test_the_command_chooses_a_stack_and_answers_with_one_document(tmp_path: Path) -> None:
    project = Deployable(tmp_path / "project", app=f"print('a line of the app')\n{WRITTEN}")
    project.write("cdktf.json", json.dumps({**INIT, "app": "python app.py"}))
    project.write("stacks.json", '{"blue": {}, "green": {}}')

    def harness(*arguments: str) -> tuple[int, dict[str, Any]]:
        ran = subprocess.run(
            [Path(sys.executable).with_name("harness"), *arguments, "--json"],
            cwd=project.workspace.root,
            capture_output=True,
            check=False,
        )
        return ran.returncode, json.loads(ran.stdout)

    code, refused = harness("synth")
    assert (code, refused["error"]["message"]) == (2, "The app has 2 stacks: blue, green.")
    code, answer = harness("synth", "--stack", "green")
    assert (code, answer["stack"], answer["fresh"]) == (0, "green", False)
