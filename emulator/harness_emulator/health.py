"""`python -m harness_emulator.health FILE`: the health check of a container.

FILE is what the emulator was started with as `--ready-file`. Exit code 0: that emulator answers, and it is
the one that wrote the file.
"""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path

from harness.model.host import HOST

TIMEOUT_SECONDS = 5.0


def main(file: str) -> int:
    """Ask it."""
    try:
        ready = json.loads(Path(file).read_text(encoding="utf-8"))
        connection = http.client.HTTPConnection(HOST, ready["port"], timeout=TIMEOUT_SECONDS)
        connection.request("GET", "/_harness/health")
        answer = json.load(connection.getresponse())
    except (OSError, ValueError, http.client.HTTPException) as error:
        sys.stdout.write(f"The emulator does not answer: {error}\n")
        return 1
    if answer.get("instance") != ready["instance"]:
        sys.stdout.write(f"Another emulator answers at port {ready['port']}: {answer.get('instance')}\n")
        return 1
    sys.stdout.write(f"{answer['status']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
