"""The plug-in in pytest runs of its own; what brings a stack up is replaced, so that nothing starts."""

from __future__ import annotations

import pytest

from tests.support.plugin_project import BASE, calls, run


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # these tests may run in a worker themselves
    pytester.makefile(".json", cdktf="{}")
    pytester.makeconftest(BASE.format(broken="pass"))
    return pytester


def test_a_run_without_a_stack_starts_nothing_and_imports_nothing_heavy(project: pytest.Pytester) -> None:
    project.makeconftest("")
    project.makepyfile(
        """
        import sys

        def test_nothing(harness_session, harness_settings):
            assert harness_settings.target == "embedded"

        def test_modules():
            heavy = {"boto3", "localstack", "cdktf", "docker", "harness.session.up", "harness.client.stack"}
            assert heavy & set(sys.modules) == set()
        """,
    )
    run(project).assert_outcomes(passed=2)
    assert not (project.path / ".harness").exists()


def test_a_stack_is_brought_up_once_and_reset_before_each_test(project: pytest.Pytester) -> None:
    project.makepyfile("def test_one(stack): ...\ndef test_two(stack): ...")
    result = run(project)
    result.assert_outcomes(passed=2)
    assert calls(project) == [
        "up 000000000000 {} this-process",
        "restore digest adder.zip",
        "control POST reset 000000000000",
        "restore digest adder.zip",
        "control POST reset 000000000000",
        "down",
    ]
    result.stdout.fnmatch_lines(["harness: bringing the stack up (as it is)", "*Terraform*applied*"])


def test_an_environment_that_is_kept_is_not_taken_down(project: pytest.Pytester) -> None:
    project.makepyfile("def test_one(stack): ...")
    run(project, "--harness-keep").assert_outcomes(passed=1)
    assert calls(project)[0] == "up 000000000000 {} detached"
    assert "down" not in calls(project)


def test_each_distinct_variation_is_deployed_once_in_its_account(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.stack_settings(A="1")

        def test_of_the_module(stack): ...

        @pytest.mark.stack_settings(B="2")
        def test_with_more(stack): ...

        @pytest.mark.stack_settings(A="1")
        def test_said_again(stack): ...

        def test_accounts(stack, request):
            request.getfixturevalue("harness_session")
            assert stack.account != "000000000000"
        """,
    )
    run(project).assert_outcomes(passed=4)
    ups = [line.split(maxsplit=2) for line in calls(project) if line.startswith("up")]
    assert [words[2] for words in ups] == ['{"A": "1"} this-process', '{"A": "1", "B": "2"} this-process']
    assert ups[0][1] != ups[1][1]


@pytest.mark.parametrize("error", ["StackError", "EmulatorError"])
def test_an_error_is_told_to_each_test_and_not_tried_again(project: pytest.Pytester, error: str) -> None:
    project.makeconftest(
        BASE.format(
            broken=f"from harness.model.errors import {error}; "
            f"raise {error}('The stack is broken.', hint='Mend it.', detail='Error: no such thing')",
        ),
    )
    project.makepyfile("def test_one(stack): ...\ndef test_two(stack): ...\ndef test_other(): ...")
    result = run(project)
    result.assert_outcomes(errors=2, passed=1)
    result.stdout.fnmatch_lines(["The stack is broken.", "Error: no such thing", "Mend it."])
    result.stdout.no_fnmatch_line("*raise *")
    result.stdout.no_fnmatch_line("*harness/testing*")
    assert len([line for line in calls(project) if line.startswith("up")]) == 1


def test_what_every_variation_needs_is_tried_once_for_all(project: pytest.Pytester) -> None:
    project.makeconftest(
        BASE.format(
            broken="from harness.model.errors import EmulatorError; raise EmulatorError('No emulator.')"
        ),
    )
    project.makepyfile(
        """
        import pytest

        def test_one(stack): ...

        @pytest.mark.stack_settings(A="1")
        def test_two(stack): ...
        """,
    )
    run(project).assert_outcomes(errors=2)
    assert len([line for line in calls(project) if line.startswith("up")]) == 1


def test_a_failed_test_shows_the_log_of_its_functions(project: pytest.Pytester) -> None:
    project.makepyfile("def test_one(stack): assert False\ndef test_other(): assert False")
    result = run(project)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*harness: log of adder*", "a line of the log"])
    assert str(result.stdout).count("a line of the log") == 1


def test_an_error_raised_on_purpose_ends_in_the_test(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from harness.testing.variations import Variation

        def test_one():
            Variation.of_markers([__import__("pytest").mark.stack_settings(A=1).mark])
        """,
    )
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*UsageError: *takes environment variables*", "test_*.py:4: UsageError"])
    result.stdout.no_fnmatch_line("*variations.py:*")


def test_what_the_target_cannot_do_is_skipped_with_the_reason(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.needs("virtual_clock")
        def test_time(stack): ...

        @pytest.mark.needs("logs", "faults")
        def test_faults(stack): ...

        @pytest.mark.needs("logs")
        def test_logs(stack): ...
        """,
    )
    result = run(project, "-rs")
    result.assert_outcomes(skipped=2, passed=1)
    result.stdout.fnmatch_lines(
        [
            "SKIPPED * test_*.py:3: the target 'embedded' has no capability 'virtual_clock'",
            "SKIPPED * test_*.py:6: the target 'embedded' has no capability 'faults'",
        ],
    )


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("needs('virtual_cloak')", "*test_one*no target has a capability 'virtual_cloak'; capabilities: *"),
        ("stack_settings(A=1)", "*test_one*takes environment variables of the CDKTF app by name, as text*"),
    ],
)
def test_a_marker_that_means_nothing_is_a_usage_error(
    project: pytest.Pytester, marker: str, message: str
) -> None:
    project.makepyfile(f"import pytest\n\n@pytest.mark.{marker}\ndef test_one(): ...")
    result = run(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_an_unknown_target_is_a_usage_error_that_lists_those_there_are(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--harness-target=moon")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*there is no target 'moon'; targets: aws, container, embedded, endpoint*"])


def test_a_path_after_the_debug_option_is_explained(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): ...")
    result = run(pytester, "--harness-debug", "test_one.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'test_one.py' is no port; write --harness-debug=PORT*"])


def test_outside_a_project_the_error_says_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(stack): ...")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["No project here: *"])


def test_workers_share_what_the_first_process_starts(project: pytest.Pytester) -> None:
    conftest = project.path / "conftest.py"
    up = "return environment if CALLS.exists() and 'start' in CALLS.read_text() else None"
    conftest.write_text(
        conftest.read_text().replace("return environment\n    def start", f"{up}\n    def start")
    )
    project.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.needs("logs")

        @pytest.mark.parametrize("number", range(6))
        def test_one(stack, number): ...
        """,
    )
    run(project, "-n", "2").assert_outcomes(passed=6)
    lines = calls(project)
    assert lines[0] == "start this-process"
    assert [line for line in lines if line.startswith(("start", "stop", "down"))] == [lines[0], "down"]
    assert lines[-1] == "down"
    accounts = {line.split()[1] for line in lines if line.startswith("up")}
    assert len(accounts) == 2
    assert "000000000000" not in accounts


def test_what_a_run_leaves_on_aws_makes_it_fail(project: pytest.Pytester) -> None:
    conftest = project.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
environment.on_aws = True

def refuse(*_, **__):
    from harness.model.errors import TerraformError
    note("down")
    raise TerraformError("2 queues are left.", hint="harness down")

up.take_down = refuse
"""
    )
    project.makepyfile("def test_one(stack): ...")
    result = run(project)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["harness: error: 2 queues are left.", "harness down"])
    assert calls(project).count("down") == 1
