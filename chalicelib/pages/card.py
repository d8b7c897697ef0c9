"""The client's bonus card as HTML: the points, until when they last, and the code for the desk.

It is a page like those of pages.py. Its one form posts to {base_path}/w/{token}/google, which leads on to
Google: so this page's policy lets forms go there.
"""

from collections.abc import Sequence
from datetime import date

from chalicelib.pages.pages import SECURITY_HEADERS, page_path
from chalicelib.pages.qr import qr_svg
from chalicelib.pages.views import CardView, CouponView, DayPoints, TermsView, TierView
from chalicelib.texts import formats
from chalicelib.texts.languages import Catalogue, catalogue
from chalicelib.texts.rendering import rendered

Shown = dict[str, str | None]

_POLICY = "Content-Security-Policy"
HEADERS = {
    **SECURITY_HEADERS,
    _POLICY: SECURITY_HEADERS[_POLICY].replace(
        "form-action 'self'", "form-action 'self' https://pay.google.com"
    ),
}


def card_page(view: CardView, language: str) -> str:
    """The card of one client. language: one of LANGUAGES."""
    texts = catalogue(language)
    terms = view.terms
    path = page_path(view.base_path, "w", view.token)
    return rendered(
        "card.html",
        texts,
        view=view,
        salon={"name": view.sender},
        qr=qr_svg(view.code),
        available=formats.number(view.available, texts),
        worth=_worth(view.available, terms, texts),
        pending=_by_day(view.pending, view.today, texts),
        held=formats.number(view.held, texts),
        debt=formats.number(view.debt, texts),
        expiring=_by_day(view.expiring, view.today, texts),
        coupons=[_coupon(coupon, view.today, texts) for coupon in view.coupons],
        missing=missing_text(view.tier, texts) if view.tier else None,
        terms=terms_text(terms, texts) if terms else [],
        apple_path=f"{path}/pass.pkpass" if "apple" in view.wallets else None,
        google_path=f"{path}/google" if "google" in view.wallets else None,
        stop_path=view.stop_token and page_path(view.base_path, "u", view.stop_token),
    )


def _worth(points: int, terms: TermsView | None, texts: Catalogue) -> str | None:
    if not points or terms is None or terms.currency is None:
        return None
    return formats.money(points * terms.point_minor, terms.currency, texts)


def _by_day(days: Sequence[DayPoints], today: date, texts: Catalogue) -> list[Shown]:
    dates = (formats.day_month_of_year(each.day, today, texts) for each in days)
    points = (formats.number(each.points, texts) for each in days)
    return [{"day": day, "points": number} for day, number in zip(dates, points, strict=True)]


def _coupon(coupon: CouponView, today: date, texts: Catalogue) -> Shown:
    if coupon.percent:
        value = texts.gettext("{percent} % off").format(percent=coupon.percent)
    else:
        money = formats.money(coupon.amount_minor, coupon.currency or "", texts)
        value = texts.gettext("{money} off").format(money=money)
    return {
        "name": coupon.name,
        "on": texts.gettext("your visit") if coupon.on == "" else coupon.on,
        "value": value.replace(" ", formats.NO_BREAK),
        "until": formats.day_month_of_year(coupon.valid_until, today, texts),
    }


def missing_text(tier: TierView, texts: Catalogue) -> str | None:
    """A sentence about what is missing to the next tier; None: there is no tier above."""
    if tier.above is None:
        return None
    if tier.currency is None:
        words = texts.ngettext("{n} more visit to “{tier}”", "{n} more visits to “{tier}”", tier.missing)
        return words.format(n=tier.missing, tier=tier.above)
    money = formats.money(tier.missing, tier.currency, texts)
    return texts.gettext("{money} more to “{tier}”").format(money=money, tier=tier.above)


def terms_text(terms: TermsView, texts: Catalogue) -> list[str]:
    """How points are earned and used, a sentence each."""
    sentences = []
    if terms.earn_percent:
        sentence = texts.gettext("{percent} % of each bill comes back to you in points.")
        sentences.append(sentence.format(percent=terms.earn_percent))
    if terms.cap_percent >= 100:
        sentences.append(texts.gettext("Points can pay for your whole bill."))
    elif terms.cap_percent:
        sentence = texts.gettext("Points can pay for up to {percent} % of your bill.")
        sentences.append(sentence.format(percent=terms.cap_percent))
    if terms.currency is not None and terms.point_minor:
        money = formats.money(terms.point_minor, terms.currency, texts)
        sentences.append(texts.gettext("One point is worth {money}.").format(money=money))
    if terms.minimum > 1:
        sentence = texts.ngettext(
            "At least {n} point at a time.", "At least {n} points at a time.", terms.minimum
        )
        sentences.append(sentence.format(n=terms.minimum))
    if terms.step > 1:
        sentence = texts.ngettext("In steps of {n} point.", "In steps of {n} points.", terms.step)
        sentences.append(sentence.format(n=terms.step))
    return [sentence.replace(" %", f"{formats.NO_BREAK}%") for sentence in sentences]
