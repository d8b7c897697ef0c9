"""The list of the demo's sources, with what the owner says that each costs a month; made over HTTP."""

from datetime import datetime

from chalicelib.domain.shared.months import month_number, name_of_month
from infra.demo.http import Caller
from infra.demo.year.data import PARTNER_SOURCE
from infra.demo.year.true_effects import COST_A_MONTH

CURRENCY = "MDL"
MONTHS = 12
LISTED = {
    "instagram": ("Instagram", "social"),
    "google": ("Google", "platform"),
    "friend": ("Friends", "client_word"),
    "walk-in": ("Passers-by", "walk_in"),
    PARTNER_SOURCE: ("Beauty Map", "platform"),
}
"""The word that clients are registered with -> the source's name and type."""


def list_sources(owner: Caller, now: datetime) -> None:
    """Adds the sources and their costs of the past twelve months, as far as they are missing."""
    last = month_number(now.date())
    for word, (name, kind) in LISTED.items():
        body = {"name": name, "type": kind, "aliases": [word]}
        source = owner.post("/v1/sources", body, f"source-{word}")
        if word in COST_A_MONTH:
            known = {each["month"] for each in owner.get(f"/v1/sources/{source['id']}")["costs"]}
            cost = {"amount_minor": COST_A_MONTH[word] * 100, "currency": CURRENCY}
            for month in map(name_of_month, range(last - MONTHS + 1, last + 1)):
                if month not in known:
                    owner.put(f"/v1/sources/{source['id']}/costs/{month}", {"cost": cost})

