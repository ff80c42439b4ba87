"""The parts of a synth: the app's command, what a synth depended on, and what is loaded into the app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from harness.apps.command import AppCommand, app_command, not_started
from harness.apps.in_app.sitecustomize import Finder
from harness.apps.inputs import (
    ABSENT,
    ALL_VARIABLES,
    Asset,
    Inputs,
    fingerprint,
    project_files,
    read_inputs,
    variable_fingerprint,
)
from harness.apps.jsii import bindings, bound_providers, unpacking_folder
from harness.apps.repackage import asset_hash, repackage
from harness.machine.files import write_atomically
from harness.model.errors import UsageError
from harness.project.settings import Settings
from harness.project.workspace import Workspace

# The command.


def command(root: Path, app: str, **environ: str) -> AppCommand:
    return app_command(Workspace(root), Settings(app=app), environ)


def virtual_environment(folder: Path, *names: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    for name in ("python", *names):
        (folder / "bin" / name).touch()
    return folder


def test_the_command_is_the_settings_else_cdktf_jsons(tmp_path: Path) -> None:
    (tmp_path / "cdktf.json").write_text('{"app": "python main.py", "context": {"a": 1}}')
    workspace = Workspace(tmp_path)
    assert app_command(workspace, Settings(), {}).text == "python main.py"
    found = app_command(workspace, Settings(app="python -m stack"), {})
    assert (found.words[1:], found.context) == (("-m", "stack"), {"a": 1})


@pytest.mark.parametrize("content", ["{}", "{", "[]", '{"app": ""}', '{"app": "python \'"}'])
def test_a_project_without_a_usable_command(tmp_path: Path, content: str) -> None:
    (tmp_path / "cdktf.json").write_text(content)
    with pytest.raises(UsageError):
        app_command(Workspace(tmp_path), Settings(), {})


def test_python_is_the_projects_own_else_the_active_one_else_that_of_the_harness(tmp_path: Path) -> None:
    assert command(tmp_path, "python3 main.py").words[0] in {
        sys.executable,
        str(Path(sys.executable).with_name("python3")),
    }
    active = virtual_environment(tmp_path / "active")
    assert command(tmp_path, "python main.py", VIRTUAL_ENV=str(active)).words[0] == f"{active}/bin/python"
    own = virtual_environment(tmp_path / ".venv", "python3.10")
    found = command(tmp_path, "python3.10 main.py", VIRTUAL_ENV=str(active), PATH="/bin")
    assert found.words == (f"{own}/bin/python3.10", "main.py")
    assert found.environ == {"VIRTUAL_ENV": str(own), "PATH": f"{own}/bin:/bin"}


def test_where_the_harness_has_an_environment_without_cdktf_python_is_the_one_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.touch(mode=0o755)
    own = Path(sys.executable).parent
    path = f"{own}{os.pathsep}{python.parent}"
    assert command(tmp_path, "python3 main.py", PATH=path).words[0].startswith(str(own))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "cdktf" else name)
    assert command(tmp_path, "python3 main.py", PATH=path).words[0] == str(python)


def test_a_python_with_a_folder_or_of_another_version_stays_as_it_is(tmp_path: Path) -> None:
    virtual_environment(tmp_path / ".venv")
    for word in (".venv/bin/python", "/opt/python3", "python3.6", "npx"):
        assert command(tmp_path, f"{word} main.py").words[0] == word


def test_programs_that_choose_an_environment_get_the_users_variables(tmp_path: Path) -> None:
    virtual_environment(tmp_path / ".venv")
    found = command(tmp_path, "pipenv run python main.py", PATH="/bin")
    assert found.words == ("pipenv", "run", "python", "main.py")
    assert found.environ == {"PATH": "/bin"}
    assert found.python == ("pipenv", "run", "python")
    assert command(tmp_path, "make synth").python is None


@pytest.mark.parametrize(
    "app", ["STAGE=test python main.py", "cd app && python main.py", "python main.py >x"]
)
def test_a_command_that_needs_a_shell_gets_one(tmp_path: Path, app: str) -> None:
    own = virtual_environment(tmp_path / ".venv")
    found = command(tmp_path, app, PATH="/bin")
    assert found.words == ("sh", "-c", app)
    assert found.environ["PATH"] == f"{own}/bin:/bin"


def test_a_missing_pipenv_says_how_to_do_without(tmp_path: Path) -> None:
    found = command(tmp_path, "pipenv run python main.py", PATH=str(tmp_path))
    error = not_started(found, FileNotFoundError(2, "No such file or directory"))
    assert "pipenv is not installed" in error.message
    assert error.hint is not None
    assert 'app = "python main.py" below [tool.harness]' in error.hint


# What a synth depended on.


def project(root: Path, **files: str) -> None:
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_py", ".py").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def names(root: Path, left_out: frozenset[str] = frozenset()) -> list[str]:
    return [str(Path(path).relative_to(root)) for path in project_files(root, left_out)]


@pytest.mark.parametrize("git", [False, True])
def test_the_files_on_which_a_synth_may_depend(tmp_path: Path, *, git: bool) -> None:
    virtual_environment(tmp_path / "env")
    for name in ("main.py", "lib/a.py", ".env", ".hidden/a.json", "tests/test_a.py", "README.md", "h/h.json"):
        write_atomically(tmp_path / name, "")
    if git:
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        write_atomically(tmp_path / ".gitignore", "ignored*\n.env\n")
        write_atomically(tmp_path / "ignored.json", "")
    assert names(tmp_path, frozenset({str(tmp_path / "h")})) == [".env", "lib/a.py", "main.py"]


def followed(root: Path, *loaded: str, before: dict[str, str] | None = None, **report: object) -> Inputs:
    if before is None:
        before = {path: fingerprint(path) for path in project_files(root)}
    written = {
        "python": "python",
        "libraries": [],
        "cdktf": True,
        "not_followed": [],
        "paths": [str(root / name) for name in loaded],
        "written": [],
        "variables": ["X"],
        "all_variables": False,
        "assets": [],
        **report,
    }
    return read_inputs("key", before, [written], {"X": "1"}, root=root, started=2**63)


def changed(inputs: Inputs, root: Path, *, key: str = "key", **environ: str) -> set[str] | None:
    found = inputs.changed(project_files(root), environ or {"X": "1"}, key)
    return None if found is None else {str(Path(path).relative_to(root)) for path in found}


def test_what_changed_since_a_synth(tmp_path: Path) -> None:
    project(tmp_path, app__main_py="1", other__b_py="1", data_json="1")
    (tmp_path / ".hidden").write_text("1")
    made = followed(tmp_path, "app/main.py", ".hidden", "looked_for")
    made.write(tmp_path / ".harness" / "inputs.json")
    inputs = Inputs.read(tmp_path / ".harness" / "inputs.json")
    assert inputs == made
    assert inputs is not None
    assert changed(inputs, tmp_path) == set()
    assert changed(inputs, tmp_path, X="2") is None
    assert changed(inputs, tmp_path, Y="1") is None
    assert changed(inputs, tmp_path, key="other") is None

    project(tmp_path, other__b_py="2", other__c_py="1")  # no Python file of that folder was loaded
    assert changed(inputs, tmp_path) == set()
    project(tmp_path, app__main_py="2", app__new_py="1", other__new_json="1", looked_for="1")
    (tmp_path / ".hidden").write_text("2")
    assert changed(inputs, tmp_path) == {
        "app/main.py",
        "app/new.py",
        "other/new.json",
        "looked_for",
        ".hidden",
    }
    (tmp_path / "data.json").unlink()
    assert "data.json" in (changed(inputs, tmp_path) or ())


def test_of_a_python_file_that_was_not_loaded_the_name_counts_beside_one_that_was(tmp_path: Path) -> None:
    project(tmp_path, main_py="1", handler_py="1")
    inputs = followed(tmp_path, "main.py")
    project(tmp_path, handler_py="2")
    assert changed(inputs, tmp_path) == set()
    (tmp_path / "handler.py").unlink()
    assert changed(inputs, tmp_path) == {"handler.py"}


def test_an_app_that_did_not_report_depends_on_every_file_and_variable(tmp_path: Path) -> None:
    project(tmp_path, main_py="1", other__b_py="1")
    before = {path: fingerprint(path) for path in project_files(tmp_path)}
    inputs = read_inputs("key", before, [], {"X": "1"}, root=tmp_path, started=0)
    assert changed(inputs, tmp_path) == set()
    assert changed(inputs, tmp_path, X="1", Y="1") is None
    project(tmp_path, other__b_py="2", new__c_py="1")
    assert changed(inputs, tmp_path) == {"other/b.py", "new/c.py"}


def test_a_file_that_the_app_writes_counts_as_the_app_left_it(tmp_path: Path) -> None:
    project(tmp_path, main_py="1")
    before = {path: fingerprint(path) for path in project_files(tmp_path)}
    project(tmp_path, made_json="1")
    inputs = followed(tmp_path, "main.py", written=[str(tmp_path / "made.json")], before=before)
    assert changed(inputs, tmp_path) == set()
    project(tmp_path, made_json="2")
    assert changed(inputs, tmp_path) == {"made.json"}


def test_an_app_that_started_a_program_is_never_skipped(tmp_path: Path) -> None:
    project(tmp_path, main_py="1")
    inputs = followed(tmp_path, "main.py", not_followed=["subprocess.Popen"])
    assert changed(inputs, tmp_path) is None


def test_a_file_that_changed_while_the_app_ran_counts_as_changed(tmp_path: Path) -> None:
    read = tmp_path / "outside.json"
    read.write_text("1")
    assert fingerprint(str(read), unless_changed_since=0) == "changed"
    assert fingerprint(str(read), unless_changed_since=2**63) == fingerprint(str(read))


def test_an_asset_folder_counts_with_all_its_files(tmp_path: Path) -> None:
    project(tmp_path, main_py="1", src__a_py="1")
    asset = {"source": str(tmp_path / "src"), "hash": "H", "target": "assets/src/H/archive.zip"}
    inputs = followed(tmp_path, "main.py", assets=[asset])
    assert inputs.assets == ()  # only a file's content can be exchanged without the app
    project(tmp_path, src__a_py="2", src__deep__b_py="1")
    assert changed(inputs, tmp_path) == {"src", "src/a.py"}


def test_an_installed_distribution_counts(tmp_path: Path) -> None:
    (tmp_path / "lib" / "cdktf-1.dist-info").mkdir(parents=True)
    inputs = followed(tmp_path, libraries=[str(tmp_path / "lib")])
    assert changed(inputs, tmp_path) == set()
    (tmp_path / "lib" / "cdktf-1.dist-info").rename(tmp_path / "lib" / "cdktf-2.dist-info")
    assert changed(inputs, tmp_path) is None


def test_all_variables_leave_out_what_differs_from_command_to_command() -> None:
    first = variable_fingerprint({"A": "1", "SHLVL": "1", "PYTEST_CURRENT_TEST": "x"}, ALL_VARIABLES)
    assert variable_fingerprint({"A": "1", "SHLVL": "2"}, ALL_VARIABLES) == first
    assert variable_fingerprint({"A": "1", "B": "1"}, ALL_VARIABLES) != first


@pytest.mark.parametrize("content", ["", "{}", '{"format": 0}', "[]"])
def test_inputs_that_cannot_be_read_count_for_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "i.json").write_text(content)
    assert Inputs.read(tmp_path / "i.json") is None


def test_repackaging_needs_an_assets_source(tmp_path: Path) -> None:
    source, other = tmp_path / "code.zip", tmp_path / "app.py"
    source.write_bytes(b"1")
    old = asset_hash(b"1")
    target = f"assets/code/{old}/code.zip"
    output = tmp_path / "out"
    write_atomically(output / "stacks" / "s" / target, b"1")
    write_atomically(
        output / "manifest.json", '{"stacks": {"s": {"synthesizedStackPath": "stacks/s/cdk.tf.json"}}}'
    )
    document = output / "stacks" / "s" / "cdk.tf.json"
    write_atomically(document, f'{{"filename": "{target}", "hash": "{old}"}}')
    inputs = Inputs(
        "key", {str(source): fingerprint(str(source))}, loaded=(), assets=(Asset(str(source), old, target),)
    )
    inputs.write(tmp_path / "i.json")
    source.write_bytes(b"2")
    new = asset_hash(b"2")

    assert not repackage(output, tmp_path / "i.json", {str(source), str(other)})
    assert repackage(output, tmp_path / "i.json", {str(source)})
    assert json.loads(document.read_text()) == {"filename": target.replace(old, new), "hash": new}
    assert [path.read_bytes() for path in output.rglob("code.zip")] == [b"2"]
    renewed = Inputs.read(tmp_path / "i.json")
    assert renewed is not None
    assert renewed.changed([], {}, "key") == set()
    source.unlink()
    assert not repackage(output, tmp_path / "i.json", {str(source)})


# The installed bindings, and what is loaded into the app.


def test_bindings_are_read_from_the_folders_of_the_apps_python(tmp_path: Path) -> None:
    package = tmp_path / "cdktf_cdktf_provider_aws"
    write_atomically(
        package / "__init__.py", "'''# CDKTF prebuilt bindings for hashicorp/aws provider version 5.54.1"
    )
    write_atomically(package / "_jsii" / "provider-aws@19.23.0.jsii.tgz", "")
    write_atomically(tmp_path / "cdktf" / "_jsii" / "cdktf@0.20.8.jsii.tgz", "")
    assert bound_providers([tmp_path]) == {"aws": {"source": "aws", "version": "5.54.1"}}
    assert bindings([tmp_path]) == {
        "cdktf": Path("cdktf/0.20.8"),
        "cdktf_cdktf_provider_aws": Path("@cdktf/provider-aws/19.23.0"),
    }
    assert bound_providers([]) == {}


def test_bindings_are_unpacked_where_the_user_says_else_once_for_all_projects(tmp_path: Path) -> None:
    assert unpacking_folder({"HARNESS_CACHE_DIR": str(tmp_path)}) == tmp_path / "jsii"
    named = str(tmp_path / "own")
    assert unpacking_folder({"JSII_RUNTIME_PACKAGE_CACHE_ROOT": named}) == tmp_path / "own"


def test_a_binding_is_lazy_and_knows_its_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = Finder().find_spec("cdktf_cdktf_provider_aws")
    assert spec is not None
    assert spec.loader is not None
    module = spec.loader.create_module(spec)
    assert isinstance(module, types.ModuleType)
    module.__path__ = list(spec.submodule_search_locations or [])
    monkeypatch.setitem(sys.modules, spec.name, module)
    assert "sqs_queue" in dir(module)
    assert "sqs_queue" in module.__all__
    with pytest.raises(AttributeError, match="no_such_service"):
        _ = module.no_such_service
    assert Finder().find_spec("json") is None


def test_a_file_that_is_not_there_is_absent(tmp_path: Path) -> None:
    assert fingerprint(str(tmp_path / "nothing")) == ABSENT
    assert fingerprint(str(tmp_path)) == "folder"


def test_a_named_pipe_in_the_project_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert fingerprint(str(tmp_path / "pipe")) == "special"
