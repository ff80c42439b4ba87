"""The synthesized JSON as Terraform gets it: local state, and AWS providers that know one account only."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.machine.files import write_atomically
from harness.model.environment import DEFAULT_REGION
from harness.model.errors import StackError
from harness.terraform.naming import prefixed
from harness.terraform.scope import Scope
from harness.terraform.tree import ROOT_FILE, file_digests, locked_providers, write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
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
        configuration: The project's root module, where the stack is in Terraform's own language; then
            Terraform gets its files, and the document only tells what they say.
        override: What is merged into that module's blocks.
        added: What stands beside them.
    """

    document: dict[str, Any]
    assets: Path | None
    region: str
    backend: str | None = None
    configuration: Path | None = None
    override: dict[str, Any] = field(default_factory=dict)
    added: dict[str, Any] = field(default_factory=dict)

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
        if self.configuration is not None:
            local = {"terraform": {"backend": {"local": {"path": str(work / "terraform.tfstate")}}}}
            write_tree(work, self.configuration, {**self.override, **local}, self.added)
            return
        (work / ROOT_FILE).unlink(missing_ok=True)
        link = work / "assets"
        if link.is_dir() and not link.is_symlink():
            shutil.rmtree(link)
        link.unlink(missing_ok=True)
        if self.assets is not None:
            link.symlink_to(self.assets)


def stage(synthesized: Synthesized, place: Place, variables: Mapping[str, str] | None = None) -> Staged:
    """Stage a synthesized stack for its place; nothing is written.

    Args:
        synthesized: The stack.
        place: Where it is to lie.
        variables: Values of Terraform's input variables, by name.
    """
    scope = Scope(synthesized.document, place.account, variables or {})
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
    document = prefixed(document, place.prefix)
    if synthesized.configuration is not None:
        region = _default_region(blocks, scope)
        return _staged_configuration(synthesized, document, place, region, _remote(backend))
    assets = synthesized.folder / "assets"
    return Staged(
        document, assets if assets.is_dir() else None, _default_region(blocks, scope), _remote(backend)
    )


def _staged_configuration(
    synthesized: Synthesized, document: dict[str, Any], place: Place, region: str, backend: str | None
) -> Staged:
    """Stage a folder of Terraform files: the provider blocks are overridden in place.

    Raises:
        StackError: Names must get a prefix, and modules make some that the harness does not see.
    """
    folder, before = synthesized.configuration or synthesized.folder, synthesized.document
    if place.prefix and "module" in document:
        raise StackError(
            "The stack has modules, whose names would not get the prefix that all names must have here.",
            hint="Use the target embedded or container, or leave the modules out.",
        )
    given = before.get("provider", {}).get("aws", [])
    made = document.get("provider", {}).get("aws", [])
    override: dict[str, Any] = {}
    if given:
        override["provider"] = {
            "aws": [
                _provider_override(own, staged) for own, staged in zip(_as_list(given), made, strict=False)
            ]
        }
    for section in ("resource", "data", "locals", "variable", "output"):
        if changed := _changed(before.get(section, {}), document.get(section, {})):
            override[section] = changed
    added = {"provider": {"aws": made[len(_as_list(given)) :]}} if len(made) > len(_as_list(given)) else {}
    document.setdefault("terraform", [])
    document["terraform"] = [
        *_as_list(document["terraform"]),
        {"required_providers": _providers(document, folder)},
    ]
    document["//"] = {"files": file_digests(folder)}
    return Staged(document, None, region, backend, folder, override, added)


def _providers(document: dict[str, Any], folder: Path) -> dict[str, dict[str, str]]:
    """All providers that the files need, each in the version of the project's lock file where it has one."""
    needed = {
        name: dict(block) for name, block in required_providers(document).items() if isinstance(block, dict)
    }
    kinds = {*document.get("resource", {}), *document.get("data", {})}
    for name in {kind.partition("_")[0] for kind in kinds} - {*needed, "terraform"}:
        needed[name] = {"source": f"hashicorp/{name}"}
    locked = locked_providers(folder)
    for block in needed.values():
        if version := locked.get(block.get("source", "")):
            block["version"] = f"= {version}"
    return needed


def _provider_override(own: dict[str, Any], staged: dict[str, Any]) -> dict[str, Any]:
    unset = {name: _nothing(value) for name, value in own.items() if name not in staged}
    return unset | {
        name: value for name, value in staged.items() if name == "alias" or own.get(name) != value
    }


def _nothing(value: Any) -> Any:
    """What unsets an argument of a provider, which an override cannot take away: null, or an empty block."""
    return (
        {}
        if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict))
        else None
    )


def _changed(before: Any, after: Any) -> Any:
    """The parts of `after` that differ from `before`, down to a block's arguments."""
    return {
        name: value
        if not isinstance(value, dict) or not isinstance(before.get(name), dict)
        else _changed(before[name], value)
        for name, value in after.items()
        if before.get(name) != value
    }


def _remote(backend: str | None) -> str | None:
    """A backend that is not on this machine anyway: cdktf names `local` where the app names none."""
    return None if backend == "local" else backend


def provider_regions(document: dict[str, Any], scope: Scope | None = None) -> dict[str, str | None]:
    """`aws`, `aws.ALIAS` to its region; None where only Terraform can say it."""
    scope = scope or Scope(document, "", {})
    regions = {}
    for block in _as_list(document.get("provider", {}).get("aws", [])):
        name = f"aws.{block['alias']}" if "alias" in block else "aws"
        region = block.get("region", DEFAULT_REGION)
        regions[name] = scope.text(region)
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


def _default_region(blocks: list[dict[str, Any]], scope: Scope) -> str:
    for block in blocks:
        if "alias" not in block and (region := scope.text(block["region"])):
            return region
    return DEFAULT_REGION


def _as_list(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else [value]
