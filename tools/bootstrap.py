"""Set up everything this project needs inside its own folder, from nothing but a Python 3 with venv.

Standard library only, and no newer than Python 3.8: this runs before anything is installed.

    python3 tools/bootstrap.py [--runtime python3.9 ...]

It makes, in this order and only where missing or out of date:

1. `.harness/setup/`: a virtual environment with uv, in the version and with the hashes that uv.lock names;
2. a Python 3.13: one on PATH or under pyenv where there is one, else uv's own build in `.harness/python/`;
3. `.venv/`: every package of uv.lock (LocalStack, CDKTF, Node.js for jsii, test tools), byte-compiled;
4. `.harness/runtimes/`: one small environment for each Lambda runtime asked for.

A second run finds all of it and does nothing. Behind a private certificate authority, the system's
certificate store is used (SSL_CERT_FILE and PIP_CERT win where they are set).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pwd
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Variables = dict[str, str]
    Command = Sequence[str | Path]

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".harness"
SETUP = STATE / "setup"
UV = SETUP / "bin" / "uv"
VENV = ROOT / ".venv"
STAMP = SETUP / "stamp"
PYTHON_VERSIONS = ("3.13", "3.14")
# The bindings of every AWS service are 1,500 modules, of which a stack imports a handful: those compile then.
NOT_COMPILED = "cdktf_cdktf_provider_aws"
CERTIFICATE_STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
Result = TypeVar("Result")


class SetupError(Exception):
    """Set-up cannot go on; the text says what to do."""


def main() -> int:
    """Set up what is missing; the exit code is 3 where something on the machine stands in the way."""
    parser = argparse.ArgumentParser(description="Set up this project inside its own folder.")
    parser.add_argument(
        "--runtime", action="append", default=[], help="a Lambda runtime to set up, e.g. python3.9"
    )
    runtimes: list[str] = parser.parse_args().runtime
    fingerprint = current_fingerprint(runtimes)
    if STAMP.is_file() and STAMP.read_text() == fingerprint and (VENV / "bin" / "python").exists():
        return 0
    say(f"Setting up in {ROOT} (once; later runs skip this)")
    try:
        variables = tool_environment()
        step("uv", lambda: install_uv(variables))
        python = step("Python", lambda: find_python(variables))
        step("packages of uv.lock", lambda: install_packages(python, variables))
        step("byte code", lambda: compile_packages(variables))
        step("CDKTF bindings", lambda: index_bindings(variables))
        step("AWS services", lambda: index_services(variables))
        for runtime in runtimes:
            step(f"{runtime} functions", lambda runtime=runtime: install_runtime(runtime, variables))  # type: ignore[misc]
    except SetupError as error:
        say(f"error: {error}")
        return 3
    STAMP.write_text(fingerprint)
    return 0


def current_fingerprint(runtimes: Sequence[str]) -> str:
    """A digest that changes when anything that set-up reads changes."""
    digest = hashlib.sha256()
    locks = sorted((ROOT / "emulator" / "harness_emulator").glob("**/uv.lock"))
    for path in [ROOT / "uv.lock", ROOT / "pyproject.toml", Path(__file__), *locks]:
        digest.update(path.read_bytes())
    digest.update(" ".join([*sorted(runtimes), str(ROOT)]).encode())
    return digest.hexdigest()


def step(name: str, action: Callable[[], Result]) -> Result:
    """Run `action`, and print a line with its time and what it returned."""
    started = time.time()
    result = action()
    say(f"  {name:<22} {shortened(str(result)):<58} {time.time() - started:6.1f} s")
    return result


def say(text: str) -> None:
    """Print at once: what follows may take a while."""
    print(text, file=sys.stderr, flush=True)


def run(command: Command, variables: Variables, hint: str) -> str:
    """The output of a command; on failure its last lines and `hint` are the error."""
    done = subprocess.run(
        [str(part) for part in command],
        env=variables,
        cwd=str(ROOT),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    output = done.stdout.decode(errors="replace").strip()
    if done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in output.splitlines()[-15:])
        raise SetupError(f"{' '.join(map(str, command))}\n{tail}\n{hint}")
    return output


def answer(command: Command, variables: Variables) -> str:
    """The output of a command that may fail or not exist; then it is empty."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace").strip()


def tool_environment() -> Variables:
    """What pip and uv run with: the host's, its certificate store, and none of its virtual environments."""
    variables = dict(os.environ)
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON"):
        variables.pop(name, None)
    stores = (variables.get("SSL_CERT_FILE", ""), *CERTIFICATE_STORES)
    store = next((path for path in stores if path and Path(path).is_file()), None)
    if store:
        variables.setdefault("PIP_CERT", store)
    variables["UV_SYSTEM_CERTS"] = "true"
    variables["UV_PYTHON_INSTALL_DIR"] = str(STATE / "python")
    variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return variables


def locked_uv() -> tuple[str, list[str]]:
    """The version and hashes of uv in uv.lock (found by pattern: tomllib came with Python 3.11)."""
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    pattern = r'\[\[package\]\]\nname = "uv"\nversion = "([^"]+)"\n(.*?)(?=\n\[\[package\]\]|\Z)'
    block = re.search(pattern, lock, re.DOTALL)
    if block is None:
        raise SetupError("uv.lock names no uv; restore it with: git checkout uv.lock")
    return block.group(1), re.findall(r'hash = "(sha256:[0-9a-f]{64})"', block.group(2))


def install_uv(variables: Variables) -> str:
    """Put uv in `.harness/setup/`; returns its version."""
    version, hashes = locked_uv()
    if answer([UV, "--version"], variables).split()[1:2] == [version]:
        return version
    STATE.mkdir(exist_ok=True)
    (STATE / ".gitignore").write_text("*\n")
    run(
        [sys.executable, "-m", "venv", "--clear", SETUP],
        variables,
        "This Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv",
    )
    requirement = SETUP / "uv.txt"
    requirement.write_text(f"uv=={version} {' '.join('--hash=' + value for value in hashes)}\n")
    pip: Command = [SETUP / "bin" / "python", "-m", "pip", "install", "--quiet"]
    run(
        [*pip, "--require-hashes", "--only-binary", ":all:", "-r", requirement],
        variables,
        "pip could not install uv. Behind a private certificate authority, set SSL_CERT_FILE to its bundle; "
        "behind a proxy, set HTTPS_PROXY.",
    )
    return version


def find_python(variables: Variables) -> str:
    """A Python the project runs on: on PATH, under pyenv, or the one uv downloads into `.harness/python/`."""
    find: Command = [UV, "python", "find", "--no-project", "--system"]
    for version in PYTHON_VERSIONS:
        candidates = [answer([*find, "--no-python-downloads", version], variables)]
        for root in pyenv_roots(variables):
            candidates += map(str, sorted((root / "versions").glob(f"{version}*/bin/python{version}")))
        for candidate in candidates:
            # A pyenv shim may be found and yet not run.
            code = "import sys, venv, ssl; print('%d.%d' % sys.version_info[:2])"
            if (
                candidate
                and not candidate.startswith(str(VENV))
                and answer([candidate, "-c", code], variables) == version
            ):
                return candidate
    wanted = PYTHON_VERSIONS[0]
    run(
        [UV, "python", "install", wanted],
        variables,
        f"No Python {wanted} on this machine, and it could not be downloaded. Install it with your system's "
        f"packages or with pyenv (pyenv install {wanted}), then run this again.",
    )
    return run([*find, wanted], variables, "The Python just downloaded is not found.")


def pyenv_roots(variables: Variables) -> list[Path]:
    """Where pyenv keeps its versions: said, beside its shims on PATH, or in the user's home."""
    on_path = [
        Path(part).parent for part in variables.get("PATH", "").split(os.pathsep) if part.endswith("/shims")
    ]
    homes = [Path.home(), Path(pwd.getpwuid(os.getuid()).pw_dir)]
    said: str | None = variables.get("PYENV_ROOT")
    roots = [*([Path(said)] if said else []), *on_path, *(home / ".pyenv" for home in homes)]
    return [root for root in dict.fromkeys(roots) if root.is_dir()]


def shortened(path: str) -> str:
    """A path below the project or the home folder, shown from there."""
    for base, name in ((str(ROOT), "."), (str(Path.home()), "~")):
        if path.startswith(base + os.sep):
            return name + path[len(base) :]
    return path


def install_packages(python: str, variables: Variables) -> str:
    """Make `.venv/` exactly what uv.lock says."""
    run(
        [UV, "sync", "--frozen", "--quiet", "--python", python],
        variables,
        "The packages of uv.lock could not be installed.",
    )
    return "in ./.venv"


def compile_packages(variables: Variables) -> str:
    """Byte code for what starts often: without it the emulator's boot takes three times as long."""
    python = VENV / "bin" / "python"
    folders = [VENV / "lib", ROOT / "harness", ROOT / "emulator", ROOT / "stack"]
    run(
        [python, "-m", "compileall", "-q", "-j", "0", "-x", NOT_COMPILED, *folders],
        variables,
        "Byte-compiling the packages failed.",
    )
    return "compiled for a fast start"


def index_bindings(variables: Variables) -> str:
    """Unpack and index CDKTF's bindings, which the first synth would do otherwise."""
    run([VENV / "bin" / "python", "-m", "harness.apps.prime"], variables, "")
    return "indexed for a fast synth"


def index_services(variables: Variables) -> str:
    """LocalStack's index of AWS's services, for which an emulator's first request would wait otherwise."""
    root = VENV / "var" / "localstack"
    folder = root / "usr" / "lib" / "localstack"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("service-catalog-*.dill"):
        old.unlink()
    where = {"FILESYSTEM_ROOT": str(root), "OVERRIDE_IN_DOCKER": "0"}
    run([VENV / "bin" / "python", "-P", "-m", "localstack.aws.spec"], {**variables, **where}, "")
    return "indexed for a fast first request"


def install_runtime(runtime: str, variables: Variables) -> str:
    """An environment for functions of this runtime; where its own Python is missing, the nearest one's."""
    return run(
        [
            VENV / "bin" / "python",
            "-m",
            "harness_emulator.functions.runtimes",
            "--folder",
            VENV / "runtimes",
            runtime,
        ],
        variables,
        "",
    )


if __name__ == "__main__":
    sys.exit(main())
