"""The demo's network, made once and found again: over HTTP, as its owner would, but for the network itself.

Every request has its Idempotency-Key and every secret follows from the deployment's own, so that a demo that
was interrupted anywhere comes to the same network, and a second one finds it.
"""

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from chalicelib.domain.intake.trust import ANY
from chalicelib.domain.networks.network import UNSIGNED_SITES
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.ports import Randomness, SaveConflict
from chalicelib.services.shared.world import World
from infra.admin import network_with_owner, owner_key
from infra.demo.day.story import SALON_OF
from infra.demo.http import Caller, Http
from infra.demo.year.data import NETWORK, PARTNER_SOURCE, SALONS, service_requests, staff_requests
from infra.layers import Progress
from infra.package import ROOT

FILE = ROOT / ".local" / "demo.json"
SHOWN = {"salons": ("id", "name", "timezone"), "staff": ("id", "name"), "services": ("id", "name")}


def randomness_from(links: Links) -> Randomness:
    """Unguessable characters that are the same in every run of the demo on one deployment."""
    drawn = count()
    return lambda characters: links.derived(f"demo|{next(drawn)}", characters)


def network_and_owner(world: World) -> tuple[str, str, bool]:
    """The demo's network, its owner's key, and whether it was made just now. world draws by
    `randomness_from`."""
    try:
        network, key = network_with_owner(world, **NETWORK)
    except SaveConflict as made_before:
        network_id = made_before.value.network_id
        return network_id, owner_key(world, network_id), False
    return network.network_id, key, True


def set_up(http: Http, network_id: str, owner: str, functions: Mapping[str, str], endpoint_url: str,
           progress: Progress) -> dict[str, Any]:  # fmt: skip
    """Makes what is missing of salons, staff, services, keys and connections; returns what demo.json says."""
    caller = Caller(http, owner)
    salons = [caller.post("/v1/salons", body, f"salon-{n}") for n, body in enumerate(SALONS)]
    ids = [salon["id"] for salon in salons]
    staff = [caller.post("/v1/staff", body, f"staff-{n}") for n, body in enumerate(staff_requests(ids))]
    services = [
        caller.post("/v1/services", body, f"service-{n}") for n, body in enumerate(service_requests())
    ]
    progress(f"{len(salons)} salons, {len(staff)} staff, {len(services)} services")
    body = {
        "manager": {"role": "manager", "name": "manager of two salons", "salon_ids": ids[:2]},
        "reception": {"role": "reception", "name": "reception of two salons", "salon_ids": ids[:2]},
        "specialist": {"role": "specialist", "name": staff[0]["name"], "staff_id": staff[0]["id"]},
        "partner": {"role": "partner", "name": "Beauty Map", "source": PARTNER_SOURCE},
    }
    keys = {role: caller.post("/v1/keys", body, f"key-{role}")["secret"] for role, body in body.items()}
    connections = {}
    for site, place in SALON_OF.items():
        settings = {"company_id": ANY} if site in UNSIGNED_SITES else {}  # visitors send their own company
        wanted = {"site": site, "salon_id": ids[place], "settings": settings}
        made = caller.post("/v1/connections", wanted, f"connection-{site}")
        connections[site] = {"url": made["url"], "secret": made["secret"]}
    progress(f"keys of {len(keys) + 1} roles, {len(connections)} connections")
    return {
        "api_url": http.api_url,
        "endpoint_url": endpoint_url,
        "network_id": network_id,
        "keys": {"owner": owner, **keys},
        **{what: [{name: each[name] for name in names} for each in made]
           for (what, names), made in zip(SHOWN.items(), (salons, staff, services), strict=True)},
        "connections": connections,
        "functions": {name: functions[name] for name in ("sweep", "wake", "intake", "receipts")},
    }  # fmt: skip


def write(demo: Mapping[str, Any], file: Path = FILE) -> None:
    """Whole or not at all; it holds keys, so it is its owner's alone."""
    partial = file.with_suffix(".part")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(demo, indent=2, ensure_ascii=False) + "\n")
    partial.rename(file)
