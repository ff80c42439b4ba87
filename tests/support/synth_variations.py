"""Synthesizes the calculator's stack many times in one process: run by its path, orders on standard input.

Standard input holds `{name: {variable: value}}`; standard output gets `{name: what Terraform reads}`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.apps.in_app.sitecustomize import Finder

sys.meta_path.insert(0, Finder())  # before the stack imports the AWS provider's 1,500 modules

from cdktf import App  # noqa: E402 - after the lazy bindings

from stack.settings import StackSettings  # noqa: E402 - after the lazy bindings
from stack.tp_lambda import TpLambda  # noqa: E402 - after the lazy bindings


def main() -> None:
    answers = {}
    for name, environ in json.load(sys.stdin).items():
        with TemporaryDirectory() as folder:
            app = App(outdir=folder)
            TpLambda(app, "tp_lambda", StackSettings.from_environment(environ))
            app.synth()
            answers[name] = json.loads(Path(folder, "stacks", "tp_lambda", "cdk.tf.json").read_text())
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
