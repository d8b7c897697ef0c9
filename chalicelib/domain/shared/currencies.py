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
_WITHOUT_MINOR_UNIT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_OF_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
MINOR_DIGITS = {
    **dict.fromkeys(_WITHOUT_MINOR_UNIT.split(), 0),
    **dict.fromkeys(_OF_THOUSANDTHS.split(), 3),
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


def minor_digits(currency: str | None) -> int:
    """How many decimal places the minor unit of the currency is; the usual number where it is not known."""
    return MINOR_DIGITS.get(currency or "", USUAL_MINOR_DIGITS)


def in_minor(whole: int, currency: str) -> int:
    minor: int = whole * 10 ** minor_digits(currency)
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
