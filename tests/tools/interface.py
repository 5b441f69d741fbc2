# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The public interface of the collection as plain data, and what of a change to it breaks its users.

`make interface` writes tests/interface/released.json; that is a step of each release, see CONTRIBUTING.md. A test compares the
checkout with that file. What ansible-test proves is taken for granted: documentation and argument specs agree.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
RELEASED = ROOT / "tests" / "interface" / "released.json"
PACKAGE = "ansible_collections.jdcloud.cloud.plugins"

Json = dict[str, Any]


def interface() -> Json:
    """The interface of this checkout."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    return {
        "version": galaxy["version"],
        "requires_ansible": runtime["requires_ansible"],
        "action_groups": {name: sorted(members) for name, members in runtime["action_groups"].items()},
        "modules": {name: _plugin("modules", name) for name in _names("plugins/modules", "py")},
        "inventory": {name: _plugin("inventory", name) for name in _names("plugins/inventory", "py")},
        "filter": {name: _plugin("filter", name) for name in _names("plugins/filter", "py")},
        "roles": {path.parents[1].name: _role(path) for path in sorted((ROOT / "roles").glob("*/meta/argument_specs.yml"))},
        "playbooks": _names("playbooks", "yml"),
    }


def _names(folder: str, suffix: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / folder).glob(f"*.{suffix}") if not path.stem.startswith("_"))


def _plugin(kind: str, name: str) -> Json:
    module = importlib.import_module(f"{PACKAGE}.{kind}.{name}")
    documentation = yaml.safe_load(module.DOCUMENTATION)
    options: Json = {}
    for fragment in documentation.get("extends_documentation_fragment", ()):
        options.update(_fragment(fragment).get("options", {}))
    options.update(documentation.get("options") or {})
    returned = yaml.safe_load(getattr(module, "RETURN", "")) or {}
    return {"options": _options(options), "returns": _returns(returned)}


def _fragment(name: str) -> Json:
    """Of this collection; those of ansible-core are its own promise."""
    if not name.startswith("jdcloud.cloud."):
        return {}
    file, part = ([*name.split(".")[2:], "documentation"])[:2]
    fragment = importlib.import_module(f"{PACKAGE}.doc_fragments.{file}").ModuleDocFragment
    text: Json = yaml.safe_load(getattr(fragment, part.upper())) or {}
    return text


def _role(path: Path) -> Json:
    specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    return {name: _options(spec.get("options", {})) for name, spec in specs.items()}


def _options(options: Mapping[str, Any]) -> Json:
    return {name: _option(option) for name, option in sorted(options.items())}


def _option(option: Mapping[str, Any]) -> Json:
    kept = {key: option[key] for key in ("type", "elements", "default", "env") if key in option}
    for key in ("choices", "aliases"):
        if option.get(key):
            kept[key] = sorted(map(str, option[key]))
    if option.get("required"):
        kept["required"] = True
    if option.get("options") or option.get("suboptions"):
        kept["options"] = _options(option.get("options") or option["suboptions"])
    return kept


def _returns(returned: Mapping[str, Any]) -> Json:
    return {name: _return(key) for name, key in sorted(returned.items())}


def _return(key: Mapping[str, Any]) -> Json:
    kept = {name: key[name] for name in ("type", "elements") if name in key}
    kept["always"] = key.get("returned", "always") in ("always", "success")
    if key.get("contains"):
        kept["contains"] = _returns(key["contains"])
    return kept


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Everything that a playbook written for `old` may rely on and `new` no longer promises, one sentence each."""
    found = []
    if old["requires_ansible"] != new["requires_ansible"]:
        found.append(f"requires_ansible was {old['requires_ansible']} and is {new['requires_ansible']}")
    for name, members in old["action_groups"].items():
        found += [
            f"{each} is no longer in the action group {name}"
            for each in members
            if each not in new["action_groups"].get(name, ())
        ]
    found += [f"the playbook {name} is gone" for name in old["playbooks"] if name not in new["playbooks"]]
    for kind in ("modules", "inventory", "filter"):
        for name, plugin in old[kind].items():
            found += _plugin_breaks(name, plugin, new[kind].get(name))
    for name, entries in old["roles"].items():
        for entry, options in entries.items():
            now = new["roles"].get(name, {}).get(entry)
            place = f"role {name}, {entry}"
            found += [f"{place}: it is gone"] if now is None else _options_break(place, options, now)
    return found


def _plugin_breaks(name: str, old: Mapping[str, Any], new: Mapping[str, Any] | None) -> Iterator[str]:
    if new is None:
        yield f"{name} is gone"
        return
    yield from _options_break(name, old["options"], new["options"])
    yield from _returns_break(name, old["returns"], new["returns"])


def _options_break(place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name, option in old.items():
        if name in new:
            yield from _option_breaks(f"{place}: option {name}", option, new[name])
        else:
            yield f"{place}: option {name} is gone"
    for name, option in new.items():
        if name not in old and option.get("required"):
            yield f"{place}: option {name} is new and required"


def _option_breaks(place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in ("type", "elements", "default"):
        if old.get(key) != new.get(key):
            yield f"{place}: {key} was {old.get(key)!r} and is {new.get(key)!r}"
    if new.get("required") and not old.get("required"):
        yield f"{place}: it is required now"
    if new.get("choices"):
        gone = sorted(set(old.get("choices", ())) - set(new["choices"]))
        if gone or not old.get("choices"):
            yield f"{place}: choices {', '.join(gone) or 'of any kind'} are gone"
    for key, text in (("aliases", "alias"), ("env", "environment variable")):
        yield from (f"{place}: {text} {each} is gone" for each in old.get(key, ()) if each not in new.get(key, ()))
    yield from _options_break(place, old.get("options", {}), new.get("options", {}))


def _returns_break(place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name, key in old.items():
        here = f"{place}: result {name}"
        if name not in new:
            yield f"{here} is gone"
            continue
        for part in ("type", "elements"):
            if key.get(part) != new[name].get(part):
                yield f"{here}: {part} was {key.get(part)!r} and is {new[name].get(part)!r}"
        if key["always"] and not new[name]["always"]:
            yield f"{here}: it is no longer always there"
        yield from _returns_break(here, key.get("contains", {}), new[name].get("contains", {}))


def may_break(old: str, new: str) -> bool:
    """Whether the step between two versions allows breaking changes: only a new major version does."""
    return int(new.split(".")[0]) > int(old.split(".")[0])


if __name__ == "__main__":
    RELEASED.parent.mkdir(parents=True, exist_ok=True)
    RELEASED.write_text(json.dumps(interface(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(RELEASED)
