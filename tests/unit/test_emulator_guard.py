from __future__ import annotations

import pytest

from harness_emulator.localstack.guard import refusal


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4566",
        "127.0.0.1",
        "localhost:4566",
        "[::1]:4566",
        "localhost.localstack.cloud:4566",
        "bucket.s3.localhost.localstack.cloud:4566",
        "bucket.s3.localhost:4566",
    ],
)
def test_loopbacks_names_are_served(host: str) -> None:
    assert refusal(host) is None


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example:4566",
        "127.0.0.1.attacker.example",
        "localhost.attacker.example",
        "",
        "notlocalhost:1",
    ],
)
def test_other_names_are_refused(host: str) -> None:
    assert refusal(host) is not None


@pytest.mark.parametrize(("site", "served"), [("cross-site", False), ("same-site", False), ("none", True)])
def test_a_page_of_another_site_is_refused(site: str, *, served: bool) -> None:
    assert (refusal("127.0.0.1:4566", fetch_site=site) is None) is served


@pytest.mark.parametrize(
    ("origin", "served"),
    [
        ("https://attacker.example", False),
        ("https://app.localstack.cloud", False),
        ("null", False),
        ("http://127.0.0.1:4566", True),
        ("http://localhost:4566", True),
    ],
)
def test_a_page_from_elsewhere_is_refused(origin: str, *, served: bool) -> None:
    assert (refusal("127.0.0.1:4566", origin=origin) is None) is served
