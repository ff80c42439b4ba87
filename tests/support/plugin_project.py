"""A project whose stack is made up: the plug-in runs, and nothing starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

BASE = """
    import json, os, sys, types
    from pathlib import Path
    from types import SimpleNamespace
    import harness.client.control
    from harness.model.environment import own_account

    CALLS = Path(__file__).with_name("calls.txt")

    def note(*words):
        with CALLS.open("a") as file:
            print(*words, file=file)

    def call(self, *words):
        note("control", *words, self.account)
        return {{"mappings_still_busy": 0}}

    harness.client.control.ControlApi.call = call
    environment = SimpleNamespace(
        id="one",
        url="http://127.0.0.1:1",
        target="embedded",
        capabilities=("deploy", "logs"),
        control=True,
        shared=False,
        on_aws=False,
    )

    class Function:
        name = "adder"
        timeout = 30
        package = "adder.zip"
        code_sha256 = "digest"
        def restore_code(self, *words):
            note("restore", *words)
        def logs(self, since):
            return [SimpleNamespace(message="a line of the log")]

    def stack(account):
        deployment = SimpleNamespace(account=account, functions=[Function()])
        return SimpleNamespace(
            deployment=deployment,
            function=lambda name: Function(),
            account=account,
            capabilities=frozenset(environment.capabilities),
            endpoint=SimpleNamespace(url=environment.url, account=account),
        )

    def bring_up(workspace, settings, *, seed, progress, asked, owner):
        account = own_account(seed).account
        note("up", account, json.dumps(settings.environment), owner)
        with progress.step("Terraform") as step:
            step.detail = "applied"
        {broken}
        deployed = stack(account)
        return SimpleNamespace(
            environment=environment,
            deployment=deployed.deployment,
            started="PYTEST_XDIST_WORKER" not in os.environ,
            stack=lambda: deployed,
        )

    up = sys.modules["harness.session.up"] = types.ModuleType("harness.session.up")
    up.bring_up = bring_up
    up.take_down = lambda *_, **__: note("down")

    class Target:
        def running(self):
            return environment
        def start(self, progress, *, owner):
            note("start", owner)
            return environment
        def stop(self):
            note("stop")

    name = "harness.session.targets"
    registry = sys.modules[name] = types.ModuleType(name)
    registry.TARGETS = {{"embedded": Target}}
    registry.target_for = lambda *_, **__: Target()
    from harness.project.settings import Settings
    registry.load_settings = Settings.load
"""


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments)


def calls(project: pytest.Pytester) -> list[str]:
    file = project.path / "calls.txt"
    return file.read_text().splitlines() if file.exists() else []
