"""The fixture `faults`, and rules that never fired, in pytest runs of their own."""

from __future__ import annotations

import pytest

from tests.support.plugin_project import BASE, calls, run

FAULTS = """
    from harness.client import Faults

    environment.capabilities += ("faults",)
    rules = []

    def answered(self, method, route, body=None, **more):
        note(method, route)
        if route == "reset":
            rules.clear()
        if route != "faults":
            return {"mappings_still_busy": 0}
        if method == "POST":
            fired = 0 if body["kind"] == "crash" else 1
            rules.append({"id": f"fault-{len(rules) + 1}", "fired": fired, **body})
            return rules[-1]
        if method == "DELETE":
            rules.clear()
        return list(rules)

    harness.client.control.ControlApi.call = answered
    plain = stack

    def stack(account):
        made = plain(account)
        made.faults = Faults(harness.client.control.ControlApi("", account), made.function, made.function)
        return made
"""
TESTS = """
def test_fires(faults): faults.throttle(); assert len(faults.list()) == 1
def test_does_not_fire(stack, faults): faults.crash(function="adder"); assert stack.faults is faults
def test_fails(stack): stack.faults.crash(when="after"); assert False
def test_has_none(stack, faults): pass
"""
TITLE = "harness: faults that never fired"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # these tests may run in a worker themselves
    pytester.makefile(".json", cdktf="{}")
    pytester.makeconftest(BASE.format(broken="pass") + FAULTS)
    return pytester


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "workers"])
def test_what_never_fired_is_named_at_the_end_and_in_its_test(
    project: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    file = project.makepyfile(TESTS)
    result = run(project, *arguments)
    result.assert_outcomes(passed=3, failed=1)
    output = result.stdout.str()
    assert output.count(TITLE) == 2  # the failed test's own report, and the summary
    summary = output[output.rindex(TITLE) :]
    assert f"{file.name}::test_does_not_fire: fault-1: crash(function='adder', when='during')" in summary
    assert f"{file.name}::test_fails: fault-1: crash(when='after')" in summary
    assert "throttle" not in summary


def test_all_is_well_after_a_test(project: pytest.Pytester) -> None:
    project.makepyfile("def test_one(faults): faults.throttle()\ndef test_two(stack, faults): pass")
    run(project).assert_outcomes(passed=2)
    words = [line for line in calls(project) if line.endswith("faults")]
    assert words == ["POST faults", "GET faults", "DELETE faults", "DELETE faults"]
