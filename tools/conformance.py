"""AWS's behaviour row by row: runs tests/conformance here and on LocalStack as it comes; writes the table.

    python -m tools.conformance [--workers N] [--longest-wait S] [--only ours|stock] [--write]

It writes docs/conformance.md, and tests/conformance/stock.json: what LocalStack as it comes is known to fail.
What the two runs said stays in .harness/conformance/: `--write` writes the page again without new ones.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.support.conformance_rows import rows
from tests.support.stock_localstack import stock_localstack
from tools import conformance_page

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / ".harness" / "conformance"
OURS, STOCK = RESULTS / "ours.json", RESULTS / "stock.json"


def main() -> int:
    """Run what was asked for, and write."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.conformance", description="AWS's behaviour, row by row."
    )
    parser.add_argument("--workers", type=int, default=2, help="tests at a time; default: 2")
    parser.add_argument(
        "--longest-wait",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help="what a test may wait on LocalStack as it comes, which has no clock to move; default: 20",
    )
    parser.add_argument("--only", choices=["ours", "stock"], help="run one; the other's last run is taken")
    parser.add_argument("--write", action="store_true", help="run nothing: write the last runs' page")
    options = parser.parse_args()
    if not options.write:
        if options.only != "stock":
            # With a clock to move, only what takes long anyhow would wait.
            run(OURS, "embedded", options.workers, math.inf)
        if options.only != "ours":
            with (
                tempfile.TemporaryDirectory(prefix="stock-localstack-") as folder,
                stock_localstack(Path(folder)) as stock,
            ):
                wait = options.longest_wait
                run(STOCK, "endpoint", options.workers, wait, HARNESS_ENDPOINT=stock.url)
                try_again(wait, stock.url)
    ours, stock_run = (json.loads(path.read_text(encoding="utf-8")) for path in (OURS, STOCK))
    conformance_page.write(ours, stock_run)
    shown, all_rows = conformance_page.counts(ours)
    print(f"{shown} of {all_rows} rows shown: {conformance_page.PAGE.relative_to(ROOT)}")
    failed = [test for test in ours["tests"] if test["outcome"] == "failed"]
    for test in failed:
        print(f"failed: {test['row']} {test['test']}: {test['said']}")
    return 1 if failed else 0


def try_again(longest_wait: float, url: str) -> None:
    """Run one by one what LocalStack failed without it being known why: it may have been a matter of time."""
    document = json.loads(STOCK.read_text(encoding="utf-8"))
    unknown = {
        test["node"]
        for test in document["tests"]
        if test["outcome"] == "failed" and not rows()[test["row"]].stock
    }
    if not unknown:
        return
    second = RESULTS / "stock-again.json"
    run(second, "endpoint", 0, longest_wait, *sorted(unknown), HARNESS_ENDPOINT=url)
    found = {test["node"]: test for test in json.loads(second.read_text(encoding="utf-8"))["tests"]}
    document["tests"] = [found.get(test["node"], test) for test in document["tests"]]
    STOCK.write_text(json.dumps(document, indent=1), encoding="utf-8")


def run(report: Path, target: str, workers: int, longest_wait: float, *tests: str, **variables: str) -> None:
    """Run tests on a target, all without any; what they showed goes into `report`, with where that was."""
    report.unlink(missing_ok=True)
    began = time.monotonic()
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", *(tests or ["tests/conformance"])),
            *("-q", "--no-header", "-p", "no:cacheprovider"),
            *("-n", str(workers), "--harness-target", target),
            *("--conformance-report", str(report), "--longest-wait", str(longest_wait)),
            *("--tb=no", "-r", "N"),
        ],
        cwd=ROOT,
        env={**os.environ, **variables},
        check=False,  # a row that LocalStack fails is a finding
    )
    if not report.exists():
        sys.exit(f"The run on {target} wrote no report.")
    document: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    document |= {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "seconds": round(time.monotonic() - began),
        "longest_wait": longest_wait,
        "versions": {
            "sqs-lambda-harness": version("sqs-lambda-harness"),
            "LocalStack": version("localstack-core"),
            "boto3": version("boto3"),
            "Python": platform.python_version(),
        },
    }
    report.write_text(json.dumps(document, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
