"""What the harness's programs take from this machine: the loopback address, and a part of the environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "127.0.0.1"

KEPT_FROM_THE_HOST = frozenset(
    {
        # What programs need to run and to find interpreters; nothing that names an AWS account, a region,
        # an endpoint, a proxy or a setting of LocalStack's. LocalStack reads some three hundred names:
        # keeping a few is safer than dropping many.
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "NODE_EXTRA_CA_CERTS",
        "PATH",
        "PYENV_ROOT",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TMPDIR",
        "TZ",
        "USER",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
    },
)
KEPT_PREFIXES = ("NPM_CONFIG_", "UV_", "npm_config_")
"""uv and npm make the function runtimes' environments: their settings are the user's."""


def host_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of the host's environment that the emulator's process may have."""
    return {
        name: value
        for name, value in environ.items()
        if name in KEPT_FROM_THE_HOST or name.startswith(KEPT_PREFIXES)
    }


def shown(path: Path) -> str:
    """A path as people write it: what lies in the user's home begins with `~`."""
    home = Path.home()
    return str(Path("~") / path.relative_to(home)) if path.is_relative_to(home) else str(path)
