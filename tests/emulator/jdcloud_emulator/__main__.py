# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line of the emulator: `python -m jdcloud_emulator`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from jdcloud_emulator.control import ControlClient, ControlError
from jdcloud_emulator.scenario.faults import KINDS
from jdcloud_emulator.scenario.seed_file import read
from jdcloud_emulator.state.settings import Settings, UsageError

PARENT_CHECK_SECONDS = 0.5
# Options of serve that stand for a setting of another name.
SHORT = {"rate_limit": "rate_limit", "burst": "burst", "time_scale": "time_scale", "latency": "latency_seconds"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 for a refusal, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "serve":
            return _serve(options)
        return _control(options)
    except (UsageError, ControlError, OSError) as error:
        print(f"jdcloud_emulator: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("jdcloud_emulator", description="JD Cloud's API on a laptop.")
    commands = parser.add_subparsers(dest="command", required=True)
    _serve_parser(commands.add_parser("serve", help="run the emulator"))
    helps = {
        "state": "print everything it holds",
        "requests": "print the request log, one JSON object a line",
        "inject": "add a fault",
        "faults": "list the faults",
        "clear": "remove faults, waiting actions or the request log",
        "act": "let another user change something",
        "settings": "print or change settings",
        "advance": "let transitions run on by simulated seconds",
        "reset": "start again from the seed",
    }
    parsers = {name: commands.add_parser(name, help=text) for name, text in helps.items()}
    for one in parsers.values():
        one.add_argument("--url", required=True, help="what the emulator printed when it started")
    parsers["state"].add_argument("--region")
    parsers["state"].add_argument("--id", help="only this resource")
    parsers["requests"].add_argument("--operation", help="glob, such as vm.delete*")
    parsers["requests"].add_argument("--resource", help="glob of resource ids")
    parsers["requests"].add_argument("--since", type=int, default=0, help="only later numbers")
    kinds = "; ".join(f"{key}: {kind.text}" for key, kind in KINDS.items())
    parsers["inject"].add_argument("kind", choices=list(KINDS), metavar="kind", help=kinds)
    parsers["inject"].add_argument("parameters", nargs="*", metavar="name=value", help="operation, resource, method, after …")
    parsers["clear"].add_argument("what", choices=["faults", "acts", "requests"], nargs="?", default="faults")
    parsers["act"].add_argument("action")
    parsers["act"].add_argument("resource")
    parsers["act"].add_argument("parameters", nargs="*", metavar="name=value", help="when may be JSON")
    parsers["settings"].add_argument("parameters", nargs="*", metavar="name=value")
    parsers["advance"].add_argument("seconds", type=float)
    parsers["reset"].add_argument("--seed", help="another seed file")
    return parser


def _serve_parser(parser: argparse.ArgumentParser) -> None:
    known = "\n".join(f"  {item.name}={item.default!r}: {item.metadata['text']}" for item in fields(Settings))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"settings for --set:\n{known}"
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", help="YAML file with what the cloud holds")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any setting, see below")
    for name, target in SHORT.items():
        parser.add_argument("--" + name.replace("_", "-"), type=float, metavar="N", help=f"setting {target}")
    for item in fields(Settings):
        if item.name.endswith("_seconds") and item.name != "latency_seconds":
            parser.add_argument("--" + item.name.replace("_", "-"), type=float, metavar="S", help=argparse.SUPPRESS)
    parser.add_argument("--tls-cert", help="certificate file: serve https")
    parser.add_argument("--tls-key", help="its key file")
    parser.add_argument("--ready-file", help="write the JSON line here, too, when ready")
    parser.add_argument("--parent-pid", type=int, help="end when this process is gone")
    parser.add_argument("--no-control", action="store_true", help="refuse the control API")


def _pairs(words: Sequence[str]) -> dict[str, Any]:
    """`name=value` words; values are JSON where they can be, else text."""
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"{word!r} is not name=value")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _control(options: argparse.Namespace) -> int:
    client = ControlClient(options.url)
    match options.command:
        case "state":
            answer: Any = client.resource(options.id) if options.id else client.state(options.region)
        case "requests":
            for entry in client.requests(options.operation, options.since, options.resource):
                print(json.dumps(entry, ensure_ascii=False))
            return 0
        case "inject":
            answer = {"number": client.inject(options.kind, **_pairs(options.parameters))}
        case "faults":
            answer = client.faults()
        case "clear":
            {"faults": client.clear_faults, "acts": client.clear_acts, "requests": client.clear_requests}[options.what]()
            return 0
        case "act":
            answer = client.act(options.action, options.resource, **_pairs(options.parameters))
        case "settings":
            answer = client.configure(**_pairs(options.parameters)) if options.parameters else client.settings()
        case "advance":
            client.advance(options.seconds)
            return 0
        case _:
            client.reset(read(options.seed) if options.seed else None)
            return 0
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


def _serve(options: argparse.Namespace) -> int:
    from jdcloud_emulator.world import World

    overrides = _pairs(options.set)
    for name, target in SHORT.items():
        if getattr(options, name) is not None:
            overrides[target] = getattr(options, name)
    for item in fields(Settings):
        value = getattr(options, item.name, None)
        if item.name not in SHORT and value is not None:
            overrides[item.name] = value
    world = World(read(options.seed) if options.seed else {}, overrides)
    asyncio.run(_run(world, options))
    return 0


async def _run(world: Any, options: argparse.Namespace) -> None:
    from aiohttp import web

    from jdcloud_emulator.server import Frontend

    context = None
    if options.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls_cert, options.tls_key)
    frontend = Frontend(world, control=not options.no_control)
    # Answers that hang on purpose must not delay the end.
    runner = web.ServerRunner(frontend.server, handle_signals=False, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, options.host, options.port, ssl_context=context, backlog=1024)
    await site.start()
    host, port = runner.addresses[0][:2]
    url = f"{'https' if context else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    line = json.dumps({"url": url, "pid": os.getpid()})
    if options.ready_file:
        Path(options.ready_file).write_text(line + "\n", encoding="utf-8")
    print(line, flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if options.parent_pid:
        await _until_orphaned(options.parent_pid, stop)
    else:
        await stop.wait()
    await runner.cleanup()


async def _until_orphaned(parent: int, stop: asyncio.Event) -> None:
    """Wait for the end, or until the parent process is gone."""
    ours = os.getppid() == parent
    while not stop.is_set():
        if (os.getppid() != parent) if ours else not _alive(parent):
            return
        try:
            await asyncio.wait_for(stop.wait(), PARENT_CHECK_SECONDS)
        except TimeoutError:
            continue


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    sys.exit(main())
