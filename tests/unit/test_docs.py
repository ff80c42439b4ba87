"""What the documents promise about the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.conformance_rows import rows

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"\b[ABCD]-\d{2}\b")
FOLDERS = ("harness", "stack", "tests", "docs/decisions")


def rows_named() -> set[str]:
    """The IDs of AWS's behaviour in code, tests and decisions."""
    files = [path for folder in FOLDERS for end in ("py", "md") for path in (ROOT / folder).rglob(f"*.{end}")]
    return {row for path in files for row in ROW.findall(path.read_text(encoding="utf-8"))}


def test_every_row_that_the_code_names_is_told() -> None:
    assert rows_named() <= set(rows())


@pytest.mark.parametrize(
    "page", ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
)
def test_links_inside_the_project_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    for link in links:
        assert ((ROOT / page).parent / link).exists(), link


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"({path.name})" in listed for path in folder.glob("0*.md"))
