"""Set up everything this project needs inside its own folder, from nothing but a Python 3 with venv.

Standard library only, and syntax that an old Python 3 understands: this runs before anything is installed.

    python3 tools/bootstrap.py [--runtime python3.9 ...]

It makes, in this order and only where missing or out of date:

1. `.harness/setup/`: a virtual environment with uv, in the version and with the hashes that uv.lock names;
2. a Python 3.13: one on PATH or under pyenv where there is one, else uv's own build in `.harness/python/`;
3. `.venv/`: every package of uv.lock (LocalStack, CDKTF, Terraform's Node.js for jsii, the test tools), byte-compiled;
4. `.harness/runtimes/`: one small environment for each Lambda runtime asked for.

A second run finds all of it and does nothing. Behind a private certificate authority, the system's certificate store
is used (SSL_CERT_FILE and PIP_CERT win where they are set).
"""

from __future__ import annotations

import argparse
import glob
import hashlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".harness"
SETUP = STATE / "setup"
VENV = ROOT / ".venv"
STAMP = SETUP / "stamp"
PYTHON_VERSIONS = ("3.13", "3.14")
# The bindings of every AWS service are 2,000 modules, of which a stack imports a handful: those compile when imported.
NOT_COMPILED = r"cdktf_cdktf_provider_aws"
CERTIFICATE_STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class SetupError(Exception):
    """Set-up cannot go on; the text says what to do."""


def main() -> int:
    """Set up what is missing; the exit code is 3 where something on the machine stands in the way."""
    parser = argparse.ArgumentParser(description="Set up this project inside its own folder.")
    parser.add_argument("--runtime", action="append", default=[], help="a Lambda runtime to set up, e.g. python3.9")
    arguments = parser.parse_args()
    fingerprint = current_fingerprint(arguments.runtime)
    if STAMP.is_file() and STAMP.read_text() == fingerprint and python_of(VENV).exists():
        return 0
    say("Setting up in {} (once; later runs skip this)".format(ROOT))
    try:
        environment = tool_environment()
        uv = step("uv", lambda: install_uv(environment))
        python = step("Python", lambda: find_python(uv, environment))
        step("packages of uv.lock", lambda: install_packages(uv, python, environment))
        step("byte code", lambda: compile_packages(environment))
        for runtime in arguments.runtime:
            step("{} functions".format(runtime), lambda name=runtime: install_runtime(name, environment))
    except SetupError as error:
        say("error: {}".format(error))
        return 3
    STAMP.write_text(fingerprint)
    return 0


def current_fingerprint(runtimes):
    """Changes when anything that set-up reads changes."""
    digest = hashlib.sha256()
    locks = sorted((ROOT / "harness" / "runtimes").glob("**/uv.lock"))
    for path in [ROOT / "uv.lock", ROOT / "pyproject.toml", Path(__file__), *locks]:
        digest.update(path.read_bytes())
    digest.update(" ".join(sorted(runtimes)).encode())
    digest.update(str(ROOT).encode())
    return digest.hexdigest()


def step(name, action):
    """Run `action`, and print a line with its time and what it returned where that says something."""
    started = time.time()
    result = action()
    say("  {:<22} {:<58} {:6.1f} s".format(name, str(result or ""), time.time() - started))
    return result


def say(text):
    """Print at once: what follows may take a while."""
    print(text, file=sys.stderr, flush=True)


def run(command, environment, hint):
    """Run a command quietly; on failure its last lines and `hint` are the error."""
    done = subprocess.run(
        [str(part) for part in command],
        env=environment,
        cwd=str(ROOT),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        tail = "\n".join("    " + line for line in output.strip().splitlines()[-15:])
        raise SetupError("{}\n{}\n{}".format(" ".join(map(str, command)), tail, hint))
    return output


def tool_environment():
    """The environment for pip and uv: the host's, with its certificate store, without its virtual environment."""
    environment = dict(os.environ)
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON"):
        environment.pop(name, None)
    store = environment.get("SSL_CERT_FILE") or next((path for path in CERTIFICATE_STORES if Path(path).is_file()), None)
    if store:
        environment.setdefault("PIP_CERT", store)
    environment["UV_SYSTEM_CERTS"] = "true"
    environment["UV_PYTHON_INSTALL_DIR"] = str(STATE / "python")
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return environment


def python_of(folder):
    """The interpreter of a virtual environment."""
    return folder / "bin" / "python"


def locked_uv():
    """uv's version and hashes, from uv.lock (by pattern: tomllib came with Python 3.11)."""
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    block = re.search(r'\[\[package\]\]\nname = "uv"\nversion = "([^"]+)"\n(.*?)(?=\n\[\[package\]\]|\Z)', lock, re.DOTALL)
    if block is None:
        raise SetupError("uv.lock names no uv; restore it with: git checkout uv.lock")
    return block.group(1), re.findall(r'hash = "(sha256:[0-9a-f]{64})"', block.group(2))


def install_uv(environment):
    """uv in `.harness/setup/`; returns the path of its binary."""
    uv = SETUP / "bin" / "uv"
    version, hashes = locked_uv()
    if uv.exists():
        found = subprocess.run([str(uv), "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if found.stdout.decode().split()[1:2] == [version]:
            return Shown(uv, version)
    STATE.mkdir(exist_ok=True)
    (STATE / ".gitignore").write_text("*\n")
    run(
        [sys.executable, "-m", "venv", "--clear", SETUP],
        environment,
        "This Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv",
    )
    requirement = SETUP / "uv.txt"
    requirement.write_text("uv=={} {}\n".format(version, " ".join("--hash=" + value for value in hashes)))
    run(
        [python_of(SETUP), "-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", requirement],
        environment,
        "pip could not install uv. Behind a private certificate authority, set SSL_CERT_FILE to its bundle; "
        "behind a proxy, HTTPS_PROXY.",
    )
    return Shown(uv, version)


class Shown:
    """A path that prints as something shorter."""

    def __init__(self, path, text):
        self.path = path
        self.text = text

    def __str__(self):
        return self.text

    def __fspath__(self):
        return str(self.path)


def find_python(uv, environment):
    """A Python that the project runs on: PATH, then pyenv, then the one uv downloads into `.harness/python/`."""
    pyenv = environment.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for version in PYTHON_VERSIONS:
        found = subprocess.run(
            [os.fspath(uv), "python", "find", "--no-project", "--no-python-downloads", version],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        candidates = [found.stdout.decode().strip()] if found.returncode == 0 else []
        candidates += sorted(glob.glob(os.path.join(pyenv, "versions", version + "*", "bin", "python" + version)))
        for candidate in candidates:
            if python_works(candidate, version):
                return Shown(candidate, "{} at {}".format(version, shortened(candidate)))
    run(
        [os.fspath(uv), "python", "install", PYTHON_VERSIONS[0]],
        environment,
        "No Python {0} on this machine, and it could not be downloaded. Install it with your system's packages or with "
        "pyenv (pyenv install {0}), then run this again.".format(PYTHON_VERSIONS[0]),
    )
    found = run([os.fspath(uv), "python", "find", "--no-project", PYTHON_VERSIONS[0]], environment, "").strip()
    return Shown(found, "{} downloaded into {}".format(PYTHON_VERSIONS[0], shortened(found)))


def python_works(candidate, version):
    """Whether the interpreter runs, is of that version, and can make virtual environments (a pyenv shim may do neither)."""
    code = "import sys, venv, ssl; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [candidate, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.decode().strip() == version


def shortened(path):
    """A path below the project or the home folder, shown from there."""
    for base, name in ((str(ROOT), "."), (os.path.expanduser("~"), "~")):
        if path.startswith(base + os.sep):
            return name + path[len(base) :]
    return path


def install_packages(uv, python, environment):
    """`.venv/`, exactly as uv.lock says."""
    run(
        [os.fspath(uv), "sync", "--frozen", "--quiet", "--python", os.fspath(python)],
        environment,
        "The packages of uv.lock could not be installed.",
    )
    return "in .venv"


def compile_packages(environment):
    """Byte code for what starts often: the emulator's boot takes three times as long without."""
    run(
        [python_of(VENV), "-m", "compileall", "-q", "-j", "0", "-x", NOT_COMPILED, VENV / "lib", ROOT / "harness", ROOT / "stack"],
        environment,
        "Byte-compiling the packages failed.",
    )


def install_runtime(runtime, environment):
    """An environment for functions of this runtime; where its own Python is missing, the nearest one's."""
    output = run([python_of(VENV), "-m", "harness.runtimes", runtime], environment, "")
    return output.strip().splitlines()[-1] if output.strip() else ""


if __name__ == "__main__":
    sys.exit(main())
