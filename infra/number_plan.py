"""Make the tables of numbers that take no messages, and of countries by number and by time zone.

`python -m infra.number_plan` writes them anew from the pinned `phonenumberslite` and `tzdata`; a test
compares. Functions read the tables and not the library, whose import and first number cost 75 ms.
"""

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

DOMAIN = Path(__file__).parent.parent / "chalicelib/domain"
NUMBERS, ZONES = DOMAIN / "messages/number_plan.py", DOMAIN / "messages/zone_countries.py"
COSTLY = ("premium_rate", "shared_cost", "personal_number", "pager", "uan", "voicemail")
"""Types of numbers, as the library names them, that take no message of ours."""

_WIDTH = 90
_NANP = 1
_NANP_SUBSCRIBER = "2345678"


def number_plan() -> str:
    """The text of the module with the tables of numbers."""
    import phonenumbers

    regions = {
        code: found for code, found in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if found != ("001",)
    }
    global_codes = sorted(set(phonenumbers.COUNTRY_CODE_TO_REGION_CODE) - set(regions))
    refused = {str(code): "|".join(_patterns(found, COSTLY)) for code, found in regions.items()}
    shared = {
        f"{code} {region}": _region_pattern(code, region)
        for code, found in regions.items()
        for region in found[1:]
        if _is_distinct(region)
    }
    main_codes = {found[0]: str(code) for code, found in regions.items()}
    return (
        '"""Calling codes, their countries, and numbers that take no message: premium rate, shared cost,\n'
        "personal, pager, universal access and voicemail. Made by `python -m infra.number_plan` from\n"
        'phonenumberslite; do not edit."""\n\n'
        + _mapping("CODES", "Country -> its calling code, for the main country of each.", main_codes)
        + _mapping(
            "SHARED",
            "Calling code and a further country of it -> the national numbers that are that country's.",
            shared,
        )
        + f"GLOBAL_CODES = frozenset({[str(code) for code in global_codes]})\n".replace("'", '"')
        + '"""Codes of no country: satellites, global premium rate and shared cost, freephone."""\n\n'
        + _mapping("REFUSED", "Calling code -> the national numbers that take no message.", refused)
    ).rstrip() + "\n"


def zone_countries() -> str:
    """The text of the module with the countries of time zones."""
    folder = files("tzdata") / "zoneinfo"
    rows = [line.split("\t") for line in (folder / "zone.tab").read_text().splitlines() if line[:1] != "#"]
    country_of = {zone: country for country, _, zone, *_ in rows}
    links = [line.split() for line in (folder / "tzdata.zi").read_text().splitlines() if line[:2] == "L "]
    country_of |= {
        alias: country_of[zone] for _, zone, alias in links if zone in country_of and alias not in country_of
    }
    zones: dict[str, list[str]] = {}
    for zone, country in sorted(country_of.items()):
        zones.setdefault(country, []).append(zone)
    return (
        '"""Time zones of each country, old names included. Made by `python -m infra.number_plan` from the\n'
        'zone.tab of tzdata; do not edit."""\n\n'
        + _mapping(
            "ZONES",
            "Country (ISO 3166 alpha-2) -> its zones, with blanks between.",
            {country: " ".join(names) for country, names in sorted(zones.items())},
        )
    ).rstrip() + "\n"


def _patterns(regions: Iterable[str], types: Iterable[str]) -> list[str]:
    from phonenumbers import PhoneMetadata

    metadata = [PhoneMetadata.metadata_for_region(region, None) for region in regions]
    found = [getattr(each, type_) for each in metadata if each is not None for type_ in types]
    return list(dict.fromkeys(each.national_number_pattern for each in found if each is not None))


def _is_distinct(region: str) -> bool:
    """Whether the country's mobile numbers differ from those of the main country of its calling code."""
    import phonenumbers

    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    return number is not None and phonenumbers.region_code_for_number(number) == region


def _region_pattern(code: int, region: str) -> str:
    """The national numbers of a country that shares its calling code: its first digits where they say it."""
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is not None and metadata.leading_digits is not None:
        return rf"(?:{metadata.leading_digits})\d*"
    pattern = "|".join(_patterns([region], ("fixed_line", "mobile")))
    if code != _NANP:
        return pattern
    areas = map(str, range(200, 1000))
    found = [area for area in areas if re.fullmatch(pattern, area + _NANP_SUBSCRIBER)]
    return rf"(?:{'|'.join(found)})\d*"


def _mapping(name: str, says: str, values: Mapping[str, str]) -> str:
    lines, row = [f"{name} = {{"], ""
    for key, value in values.items():
        entry = f'"{key}": r"{value}",' if "\\" in value else f'"{key}": "{value}",'
        if value and len(entry) > _WIDTH // 3:
            lines += [f"    {row}"] if row else []
            row = ""
            lines += _entry(key, value)
        elif value:
            if len(row) + len(entry) > _WIDTH:
                lines.append(f"    {row}")
                row = ""
            row = f"{row} {entry}".strip()
    lines += [f"    {row}"] if row else []
    return "\n".join([*lines, "}  # fmt: skip", f'"""{says}"""', "", ""])


def _entry(key: str, value: str) -> list[str]:
    pieces = [each for each in re.findall(rf".{{1,{_WIDTH}}}(?<!\\)", value)]
    raw = "r" if "\\" in value else ""
    if len(pieces) == 1:
        return [f'    "{key}": {raw}"{value}",']
    return [f'    "{key}": (', *(f'        {raw}"{piece}"' for piece in pieces), "    ),"]


if __name__ == "__main__":
    NUMBERS.write_text(number_plan())
    ZONES.write_text(zone_countries())
