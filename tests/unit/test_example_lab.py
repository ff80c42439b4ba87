from __future__ import annotations

import zipfile
from pathlib import Path

LAB = Path(__file__).parents[2] / "examples" / "lab"


def test_the_labs_zip_holds_the_function_beside_it() -> None:
    with zipfile.ZipFile(LAB / "lambda_deployment.zip") as archive:
        assert archive.namelist() == ["lambda_function.py"]
        assert archive.read("lambda_function.py") == (LAB / "lambda_function.py").read_bytes()


def test_nothing_is_configured() -> None:
    assert not (LAB / "pyproject.toml").exists()
    assert "harness" not in (LAB / "main.py").read_text() + (LAB / "cdktf.json").read_text()
