"""The synth: what Terraform gets is what a plain synth gives, and it is skipped only while that is so."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.model.environment import Place
from harness.model.errors import SynthError, UsageError
from harness.model.progress import Progress
from harness.project.packaging import build_package
from harness.project.settings import PackageSettings, Settings
from harness.project.workspace import Workspace
from harness.terraform import synthesize
from tests.support.deployable import APP, WRITTEN, Deployable

if TYPE_CHECKING:
    from harness.terraform import Synthesized

pytestmark = pytest.mark.only_on("embedded")

ROOT = Path(__file__).parents[2]
PACKAGE = PackageSettings("lambda_deployment.zip", ("lambda_function.py",), runtime="python3.9")
ACCOUNT = "000000000000"


@pytest.fixture
def calculator(tmp_path: Path) -> Workspace:
    shutil.copytree(ROOT / "stack", tmp_path / "stack", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("lambda_function.py", "cdktf.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    return Workspace(tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Deployable:
    project = Deployable(tmp_path / "project", app=APP)
    project.queues(One={"name": "one"})
    return project


def synth(workspace: Workspace) -> Synthesized:
    build_package(workspace, PACKAGE)
    settings = Settings(app="python -m stack")
    return synthesize(workspace, settings, place=Place(ACCOUNT), progress=Progress())


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_changed_package_needs_no_synth_and_gives_what_a_synth_would(calculator: Workspace) -> None:
    first = files(synth(calculator).folder)
    handler = calculator.root / "lambda_function.py"
    handler.write_text(handler.read_text() + "\n# changed\n")
    marker = calculator.deployment(ACCOUNT) / "synth" / "cdktf.out" / "not-synthesized-anew"
    marker.touch()
    repackaged = synth(calculator)
    assert repackaged.fresh
    assert marker.exists()
    made = files(repackaged.folder)
    assert made != first

    (calculator.deployment(ACCOUNT) / "synth" / "inputs.json").unlink()
    synthesized = synth(calculator)
    assert not marker.exists()
    assert files(synthesized.folder) == made


def test_is_skipped_until_something_that_it_read_changes(project: Deployable) -> None:
    project.write(
        "app.py",
        APP.replace(
            "app = App()",
            "import os, helper\n"
            "os.environ.get('COLOUR')\n"
            "Path('absent.txt').exists()\n"
            "print(sorted(os.listdir('data')))\n"
            "app = App()",
        ),
    )
    project.write("helper.py", "x = 1")
    project.write("data/a.txt", "")
    project.write("unread.txt", "1")
    assert project.synthesize().fresh
    assert not project.synthesize().fresh

    project.write("unread.txt", "2")
    project.set(environment={"SIZE": "1"})
    project.synthesize()
    assert not project.synthesize().fresh

    project.write("helper.py", "x = 2")
    assert project.synthesize().fresh
    project.queues(Two={"name": "two"})
    assert list(project.synthesize().document["resource"]["aws_sqs_queue"]) == ["Two"]
    project.write("data/b.txt", "")
    assert project.synthesize().fresh
    project.write("absent.txt", "")
    assert project.synthesize().fresh
    project.set(environment={"SIZE": "1", "COLOUR": "red"})
    assert project.synthesize().fresh
    assert not project.synthesize().fresh


def test_a_variable_that_appears_counts_for_an_app_that_looks_at_all(
    project: Deployable, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("app.py", "import os\nnames = [n for n in os.environ if n.startswith('PROBE_')]\n" + APP)
    project.synthesize()
    assert not project.synthesize().fresh
    monkeypatch.setenv("PROBE_SIZE", "1")
    assert project.synthesize().fresh


def test_an_app_that_starts_programs_is_never_skipped(project: Deployable) -> None:
    project.write("app.py", "import subprocess\nsubprocess.run(['true'], check=True)\n" + APP)
    assert project.synthesize().fresh
    assert project.synthesize().fresh


def test_a_command_that_cannot_be_followed_is_skipped_by_its_sources(project: Deployable) -> None:
    project.set(app=f"{sys.executable} -B app.py")
    assert project.synthesize().fresh
    assert not project.synthesize().fresh
    project.queues(Two={"name": "two"})
    assert project.synthesize().fresh


def test_the_app_gets_no_credentials(project: Deployable, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.setenv(name, f"real-{name}")
    project.write("app.py", APP + "\nimport os\nPath('seen.txt').write_text(repr(dict(os.environ)))")
    project.synthesize()
    seen = (project.workspace.root / "seen.txt").read_text()
    assert "real-" not in seen
    assert f"'AWS_ACCESS_KEY_ID': '{project.account}'" in seen


def test_secrets_are_not_written_down(project: Deployable) -> None:
    project.set(environment={"TOKEN": "hush-hush"})
    project.write("app.py", "import os\nos.environ['TOKEN']\n" + APP)
    project.synthesize()
    inputs = project.workspace.deployment(project.account) / "synth" / "inputs.json"
    assert '"TOKEN"' in inputs.read_text()
    assert "hush-hush" not in inputs.read_text()


def test_an_exception_names_the_users_line(project: Deployable) -> None:
    project.write("broken.py", "def build():\n    return {}['queue']\n")
    project.write("app.py", "import broken\nbroken.build()\n")
    with pytest.raises(SynthError) as caught:
        project.synthesize()
    assert "failed at broken.py:2: KeyError: 'queue'" in caught.value.message
    assert caught.value.detail is not None
    assert "return {}['queue']" in caught.value.detail
    assert "runpy" not in caught.value.detail


def test_cdktfs_own_errors_name_the_users_line(project: Deployable) -> None:
    project.write(
        "app.py", "from cdktf import App, TerraformStack\napp = App()\nTerraformStack(app, 'no blanks')\n"
    )
    with pytest.raises(SynthError, match=r"failed at app\.py:3: .*no blanks"):
        project.synthesize()


def test_a_syntax_error_names_its_line(project: Deployable) -> None:
    project.write("app.py", "x = 1\ny = = 2\n")
    with pytest.raises(SynthError, match=r"failed at app\.py:2: SyntaxError"):
        project.synthesize()


def test_the_last_output_stands_after_a_failure(project: Deployable) -> None:
    project.synthesize()
    project.write("app.py", "raise RuntimeError")
    with pytest.raises(SynthError, match="RuntimeError"):
        project.synthesize()
    project.write("app.py", APP)
    assert not project.synthesize().fresh


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "synthesized no stack"),
        ("import sys; sys.exit('no way')", "(?s)failed with exit code 1.*no way"),
        ("from cdktf import App\nApp().synth()", "has no stack"),
    ],
)
def test_an_app_without_a_stack(project: Deployable, code: str, message: str) -> None:
    project.write("app.py", code)
    with pytest.raises(SynthError, match=message):
        project.synthesize()


def test_a_command_that_does_not_exist(project: Deployable) -> None:
    project.set(app="no-such-command --app")
    with pytest.raises(SynthError, match="'no-such-command' cannot be started"):
        project.synthesize()


def test_several_stacks_need_a_choice(project: Deployable) -> None:
    project.write("stacks.json", '{"blue": {}, "green": {}}')
    with pytest.raises(UsageError, match="2 stacks: blue, green") as failed:
        project.synthesize()
    assert "--stack blue" in (failed.value.hint or "")
    project.settings = replace(project.settings, stack="red")
    with pytest.raises(UsageError, match="no stack 'red'"):
        project.synthesize()
    project.settings = replace(project.settings, stack="green")
    assert project.synthesize().stack == "green"


def test_of_several_stacks_the_last_one_is_taken_again_where_none_is_named(project: Deployable) -> None:
    project.write("app.py", WRITTEN)
    project.write("stacks.json", '{"blue": {}, "green": {}}')

    def chosen(last: str | None, stack: str | None = None) -> str:
        project.set(stack=stack)
        return synthesize(
            project.workspace, project.settings, place=project.place, progress=Progress(), last=last
        ).stack

    assert chosen("green") == "green"
    assert chosen("green", stack="blue") == "blue"
    with pytest.raises(UsageError, match="2 stacks"):
        chosen("removed since")
