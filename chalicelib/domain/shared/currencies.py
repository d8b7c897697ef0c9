"""The money that people pay with: the active codes of ISO 4217 (2026), without those of funds, metals and
tests."""

from msgspec import Struct

from chalicelib.domain.shared.errors import refused

_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
    HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
    LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())

USUAL_MINOR_DIGITS = 2
MINOR_DIGITS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "JOD": 3,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
}
"""How many decimal places the minor unit of a currency is, where the number is not the usual one."""


LARGEST_VISIT = {
    **dict.fromkeys(("USD", "EUR", "GBP", "CHF", "KWD", "BHD", "OMR", "JOD"), 5_000),
    **dict.fromkeys(("AUD", "CAD", "NZD", "SGD", "AZN", "GEL", "BYN", "BGN", "BAM", "ILS"), 15_000),
    **dict.fromkeys(("PLN", "RON", "BRL", "AED", "SAR", "QAR", "TND", "TJS", "TMT"), 25_000),
    **dict.fromkeys(("MDL", "UAH", "TRY", "CZK", "SEK", "NOK", "DKK", "ZAR", "MXN", "THB", "CNY"), 100_000),
    **dict.fromkeys(("RUB", "INR", "RSD", "PHP", "KGS", "JPY", "ISK"), 750_000),
    **dict.fromkeys(("KZT", "AMD", "HUF", "ALL"), 2_500_000),
}
"""Currency -> whole units that one visit hardly ever exceeds."""
LARGEST_OTHERWISE = 10_000_000
"""The same in every other currency."""


def largest_visit(currency: str) -> int:
    """Whole units of the currency that one visit may come to before somebody else has to look."""
    return LARGEST_VISIT.get(currency, LARGEST_OTHERWISE)


def in_minor(whole: int, currency: str) -> int:
    digits = MINOR_DIGITS.get(currency, USUAL_MINOR_DIGITS)
    minor: int = whole * 10**digits
    return minor


class Amount(Struct, frozen=True):
    """So many minor units of a currency."""

    minor: int
    currency: str


def ensure_currency(amount: Amount | None, currency: str, field: str) -> None:
    """Raises CURRENCY_MISMATCH for an amount in another currency. field: how the caller names the amount."""
    if amount is not None and amount.currency != currency:
        raise refused(
            "CURRENCY_MISMATCH", f"{field} is in {amount.currency}; here it is {currency}.", field=field
        )
