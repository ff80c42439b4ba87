"""The synthesized JSON as Terraform gets it: local state, and AWS providers that know one account only."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.machine.files import write_atomically
from harness.model.environment import DEFAULT_REGION
from harness.terraform.naming import prefixed

if TYPE_CHECKING:
    from pathlib import Path

    from harness.apps.synth import Synthesized
    from harness.model.environment import Place
    from harness.terraform.variables import InputVariables

DOCUMENT = "cdk.tf.json"
IMPORTS = "imports.tf.json"
KEPT_PROVIDER_ARGUMENTS = frozenset({"alias", "region", "default_tags", "ignore_tags"})
"""What of an `aws` provider block stays. All else says who calls and whom: profile, keys, shared files,
roles to assume, endpoints, proxies, CA bundles, accounts allowed. Here the harness says that."""
RETRIES = 3


@dataclass(frozen=True)
class Staged:
    """A document ready for Terraform.

    Attributes:
        document: The staged cdk.tf.json.
        assets: The synthesized folder `assets`, where there is one.
        region: The default AWS provider's.
        backend: The state backend that the stack names (`s3`, `remote`, `cloud`), and that is not used.
    """

    document: dict[str, Any]
    assets: Path | None
    region: str
    backend: str | None = None

    def digest(self, variables: InputVariables | None = None) -> str:
        """Fingerprint of all that Terraform reads: the document, its input variables, and the assets."""
        given = {} if variables is None else variables.as_json(set(self.document.get("variable", {})))
        digest = hashlib.sha256(json.dumps([self.document, given], sort_keys=True).encode())
        if self.assets is not None:
            for path in sorted(self.assets.rglob("*")):
                if path.is_file():
                    content = hashlib.sha256(path.read_bytes()).hexdigest()
                    digest.update(f"\0{path.relative_to(self.assets)}\0{content}".encode())
        return digest.hexdigest()

    def write(self, work: Path) -> None:
        """Write the document into Terraform's work folder, and make the assets reachable beside it."""
        work.mkdir(parents=True, exist_ok=True)
        write_atomically(work / DOCUMENT, json.dumps(self.document, indent=2))
        link = work / "assets"
        if link.is_dir() and not link.is_symlink():
            shutil.rmtree(link)
        link.unlink(missing_ok=True)
        if self.assets is not None:
            link.symlink_to(self.assets)


def stage(synthesized: Synthesized, place: Place) -> Staged:
    """Stage a synthesized stack for its place; nothing is written."""
    document = copy.deepcopy(synthesized.document)
    backend = None
    for block in _as_list(document.get("terraform", {})):
        # Without a backend block Terraform keeps its state in its work folder, and asks no other place.
        for named in _as_list(block.pop("backend", None) or {}):
            backend = next(iter(named), backend)
        backend = "cloud" if block.pop("cloud", None) is not None else backend
    providers = document.setdefault("provider", {})
    made = _aws_provider if place.on_aws else _local_provider
    blocks = [made(block, place) for block in _as_list(providers.get("aws", []))]
    if not any("alias" not in block for block in blocks) and _uses_aws(document):
        blocks.append(made({}, place))
    if blocks:
        providers["aws"] = blocks
    assets = synthesized.folder / "assets"
    document = prefixed(document, place.prefix)
    return Staged(document, assets if assets.is_dir() else None, _default_region(blocks), _remote(backend))


def _remote(backend: str | None) -> str | None:
    """A backend that is not on this machine anyway: cdktf names `local` where the app names none."""
    return None if backend == "local" else backend


def provider_regions(document: dict[str, Any]) -> dict[str, str | None]:
    """`aws`, `aws.ALIAS` to its region; None where that is no literal."""
    regions = {}
    for block in _as_list(document.get("provider", {}).get("aws", [])):
        name = f"aws.{block['alias']}" if "alias" in block else "aws"
        region = block.get("region", DEFAULT_REGION)
        regions[name] = region if isinstance(region, str) and "${" not in region else None
    return regions


def required_providers(document: dict[str, Any]) -> dict[str, Any]:
    """The document's `required_providers`, by name; a list of blocks (Terraform allows it) is merged."""
    merged: dict[str, Any] = {}
    for block in _as_list(document.get("terraform", {})):
        for providers in _as_list(block.get("required_providers", {})):
            merged.update(providers)
    return merged


def _aws_provider(block: dict[str, Any], place: Place) -> dict[str, Any]:
    """Of the place's account and no other; who calls is in Terraform's environment."""
    kept = {name: value for name, value in block.items() if name in KEPT_PROVIDER_ARGUMENTS}
    return {
        "region": DEFAULT_REGION,
        **kept,
        "default_tags": [{"tags": _tagged(kept.get("default_tags"), dict(place.tags))}],
        "allowed_account_ids": [place.account],
    }


def _tagged(given: Any, tags: dict[str, str]) -> Any:
    """A provider's own default tags, with `tags` added."""
    own: Any = {}
    for block in _as_list(given or {}):
        own = block.get("tags", own)
    if isinstance(own, str):  # an expression: `${var.tags}`
        return "${merge(" + own.removeprefix("${").removesuffix("}") + ", " + json.dumps(tags) + ")}"
    return {**own, **tags}


def _local_provider(block: dict[str, Any], place: Place) -> dict[str, Any]:
    kept = {name: value for name, value in block.items() if name in KEPT_PROVIDER_ARGUMENTS}
    return {
        "region": DEFAULT_REGION,
        **kept,
        "access_key": place.account,
        "secret_key": "test",  # the emulator's dummy
        "max_retries": RETRIES,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": "true",
        "skip_region_validation": True,
        "s3_use_path_style": True,
    }


def _uses_aws(document: dict[str, Any]) -> bool:
    kinds = {*document.get("resource", {}), *document.get("data", {})}
    return any(kind.startswith("aws_") for kind in kinds)


def _default_region(blocks: list[dict[str, Any]]) -> str:
    for block in blocks:
        region = block["region"]
        if "alias" not in block and isinstance(region, str) and "${" not in region:
            return region
    return DEFAULT_REGION


def _as_list(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else [value]
