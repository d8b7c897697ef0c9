"""Check a network's loyalty programme before it is saved: its own, the group programmes, and the gifts."""

from collections.abc import Mapping, Sequence
from datetime import date

from chalicelib.domain.networks.bonus_rules import (
    TURNOVER_MONTHS,
    BonusRules,
    Exclusions,
    ExpiryModel,
    GroupProgramme,
    Programme,
    Tier,
    TiersBy,
)
from chalicelib.domain.networks.network import Directory
from chalicelib.services.networks.check_gifts import check_gifts
from chalicelib.services.networks.rule_errors import check_name, invalid_rule, within

MAX_PROGRAMMES = 50
MAX_TIERS = 20
MAX_NAMES = 3000
"""How many salons, services and categories all programmes may name together. The rules are one item, which is
read with every set-up."""
_EARNED_PERCENT = (1, 100)
_POINT_VALUE = (1, 1_000_000)
_OF_THE_NETWORK: Mapping[str, tuple[int, int]] = {
    "point_value_minor": _POINT_VALUE,
    "by_hand_limit_points": (0, 1_000_000_000),
    "grace_days": (1, 365),
    "hold_days": (1, 90),
}
_OF_A_PROGRAMME: Mapping[str, tuple[int, int]] = {
    "cashback_percent": _EARNED_PERCENT,
    "tiers_months": (1, TURNOVER_MONTHS),
    "pending_days": (0, 365),
    "redeem_cap_percent": (0, 100),
    "redeem_minimum_points": (0, 1_000_000),
    "redeem_step_points": (1, 1_000_000),
}
_EXPIRY: Mapping[ExpiryModel, tuple[int, int]] = {
    ExpiryModel.NEVER: (0, 0),
    ExpiryModel.DAYS: (1, 3650),
    ExpiryModel.MONTH_END: (0, 120),
    ExpiryModel.INACTIVITY: (1, 3650),
}
_SHORTEST_MONTH_DAYS = 28


def check_bonus_rules(bonuses: BonusRules, directory: Directory) -> None:
    """Raises INVALID_RULE, naming the first field that is wrong, and why."""
    for name, bounds in _OF_THE_NETWORK.items():
        within(f"bonuses.{name}", getattr(bonuses, name), bounds)
    _check_point_values(bonuses, directory)
    _check_programme("bonuses", bonuses, bonuses, directory)
    if len(bonuses.programmes) > MAX_PROGRAMMES:
        raise invalid_rule("bonuses.programmes", f"There are at most {MAX_PROGRAMMES} programmes.")
    if sum(map(_names_in, (bonuses, *bonuses.programmes))) > MAX_NAMES:
        message = f"All programmes together name at most {MAX_NAMES} salons, services and categories."
        raise invalid_rule("bonuses.programmes", message)
    for number, programme in enumerate(bonuses.programmes):
        path = f"bonuses.programmes[{number}]"
        _check_place(path, programme, directory)
        _check_programme(path, programme, bonuses, directory)
        _check_meetings(path, programme, bonuses.programmes[:number], directory)
    check_gifts(bonuses, directory)


def _names_in(programme: Programme) -> int:
    excludes = (programme.earn_excludes, programme.redeem_excludes)
    of_services = sum(len(each.service_ids) + len(each.categories) for each in excludes)
    return of_services + (len(programme.salon_ids) if isinstance(programme, GroupProgramme) else 0)


def _check_point_values(bonuses: BonusRules, directory: Directory) -> None:
    used = {salon.currency for salon in directory.salons.values()}
    for currency, value in bonuses.point_values_minor.items():
        field = f"bonuses.point_values_minor.{currency}"
        if currency not in used:
            raise invalid_rule(field, f"No salon is paid in {currency}; they are in {_listed(used)}.")
        within(field, value, _POINT_VALUE)


# --- one programme by itself


def _check_programme(path: str, programme: Programme, bonuses: BonusRules, directory: Directory) -> None:
    for name, bounds in _OF_A_PROGRAMME.items():
        within(f"{path}.{name}", getattr(programme, name), bounds)
    least, step = programme.redeem_minimum_points, programme.redeem_step_points
    if least > 1 and least % step:
        raise invalid_rule(
            f"{path}.redeem_minimum_points", f"The minimum, {least}, is a whole number of steps of {step}."
        )
    _check_tiers(path, programme.tiers)
    if programme.tiers and programme.tiers_by is TiersBy.SPEND:
        _check_one_currency(f"{path}.tiers_by", programme, bonuses, directory)
    _check_expiry(path, programme)
    _check_exclusions(f"{path}.earn_excludes", programme.earn_excludes, directory)
    _check_exclusions(f"{path}.redeem_excludes", programme.redeem_excludes, directory)


def _check_tiers(path: str, tiers: Sequence[Tier]) -> None:
    """Checks that tiers go from 0 up without end, each beginning where the last one ends: every turnover has
    one tier."""
    if len(tiers) > MAX_TIERS:
        raise invalid_rule(f"{path}.tiers", f"There are at most {MAX_TIERS} tiers.")
    for number, tier in enumerate(tiers):
        field = f"{path}.tiers[{number}]"
        check_name(f"{field}.name", tier.name, {each.name for each in tiers[:number]})
        within(f"{field}.percent", tier.percent, _EARNED_PERCENT)
        if number == 0 and tier.at_least != 0:
            raise invalid_rule(f"{field}.at_least", "The first tier begins at 0: every client is in one.")
        following = tiers[number + 1] if number + 1 < len(tiers) else None
        if following is None:
            if tier.below is not None:
                raise invalid_rule(f"{field}.below", "The last tier has no end: its `below` is null.")
        elif tier.below is None or tier.below <= tier.at_least:
            raise invalid_rule(f"{field}.below", "A tier that another follows ends above where it begins.")
        elif tier.below != following.at_least:
            what = "a gap" if tier.below < following.at_least else "an overlap"
            raise invalid_rule(
                f"{field}.below",
                f"It ends below {tier.below}, the next begins at {following.at_least}: there is {what}.",
            )


def _check_one_currency(field: str, programme: Programme, bonuses: BonusRules, directory: Directory) -> None:
    salons = _salons_of(programme, bonuses, directory)
    currencies = {directory.salons[salon_id].currency for salon_id in salons}
    if len(currencies) > 1:
        raise invalid_rule(
            field,
            f"Its salons are paid in {_listed(currencies)}: what is spent there is no one number. Let tiers "
            "be told by visits, or make a programme for the salons of each currency.",
        )


def _salons_of(programme: Programme, bonuses: BonusRules, directory: Directory) -> set[str]:
    """The salons in which the programme may ever hold. A group programme holds in its salons. A programme of
    no salons in particular holds where no group programme holds for all of its time."""
    if isinstance(programme, GroupProgramme) and programme.salon_ids:
        return set(programme.salon_ids)
    begins, ends = _time(programme)
    elsewhere: set[str] = set()
    for group in bonuses.programmes:
        first, last = _time(group)
        if group is not programme and first <= begins and ends <= last:
            if group.salon_ids:
                elsewhere.update(group.salon_ids)
            elif not isinstance(programme, GroupProgramme):
                return set()
    return set(directory.salons) - elsewhere


def _check_expiry(path: str, programme: Programme) -> None:
    """Checks the expiry: points must not expire before they can be spent."""
    model, after = programme.expiry.model, programme.expiry.after
    field = f"{path}.expiry.after"
    least, most = _EXPIRY[model]
    if model is ExpiryModel.NEVER and after:
        raise invalid_rule(field, "Points that never expire do so after 0.")
    within(field, after, (least, most))
    shortest = after * _SHORTEST_MONTH_DAYS if model is ExpiryModel.MONTH_END else after
    if model is not ExpiryModel.NEVER and shortest < programme.pending_days:
        raise invalid_rule(
            field,
            f"Points pending for {programme.pending_days} days could expire before they can be spent.",
        )


def _check_exclusions(path: str, excludes: Exclusions, directory: Directory) -> None:
    for number, service_id in enumerate(excludes.service_ids):
        if service_id not in directory.services:
            raise invalid_rule(f"{path}.service_ids[{number}]", "There is no such service.")
    categories = {service.category for service in directory.services.values()}
    for number, category in enumerate(excludes.categories):
        if not category or category not in categories:
            raise invalid_rule(f"{path}.categories[{number}]", "No service is of that category.")


# --- programmes beside each other


def _check_place(path: str, programme: GroupProgramme, directory: Directory) -> None:
    for number, salon_id in enumerate(programme.salon_ids):
        if salon_id not in directory.salons:
            raise invalid_rule(f"{path}.salon_ids[{number}]", "There is no such salon.")
        if salon_id in programme.salon_ids[:number]:
            raise invalid_rule(f"{path}.salon_ids[{number}]", "That salon is named twice.")
    begins, ends = _time(programme)
    if begins > ends:
        raise invalid_rule(f"{path}.ends_on", "A programme ends on the day it starts, or later.")


def _check_meetings(
    path: str, programme: GroupProgramme, others: Sequence[GroupProgramme], directory: Directory
) -> None:
    """Checks that in a salon, on a day, at most one programme of some salons holds, and at most one of all
    salons."""
    check_name(f"{path}.name", programme.name, {each.name for each in others})
    begins, ends = _time(programme)
    for other in others:
        first, last = _time(other)
        if begins > last or first > ends:
            continue
        both = sorted({*programme.salon_ids} & {*other.salon_ids})
        if both:
            name = directory.salons[both[0]].name
            raise invalid_rule(path, f"In {name} {other.name} holds on some of these days.")
        if not programme.salon_ids and not other.salon_ids:
            raise invalid_rule(path, f"In all salons {other.name} holds on some of these days.")


def _time(programme: Programme) -> tuple[date, date]:
    """The first and the last day of a programme."""
    if not isinstance(programme, GroupProgramme):
        return date.min, date.max
    return programme.starts_on or date.min, programme.ends_on or date.max


def _listed(currencies: set[str]) -> str:
    return ", ".join(sorted(currencies)) or "none"
