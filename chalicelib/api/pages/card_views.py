"""The view of the client's card, made from the account and the programme."""

from chalicelib.api.pages.page_views import OpenedLink
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.pages.views import CardView, DayPoints, TermsView, TierView
from chalicelib.services.loyalty.show_card import Card, card_code, coupons_of


def card_view(opened: OpenedLink, card: Card, wallets: tuple[str, ...]) -> CardView:
    link, links = opened.link, opened.links
    return CardView(
        sender=card.directory.network.name,
        token=opened.token,
        base_path=opened.base_path,
        code=card_code(links, link.network_id, card.client.id),
        today=card.today,
        available=card.available,
        pending=tuple(DayPoints(*each) for each in card.pending()),
        expiring=tuple(DayPoints(*each) for each in card.expiring()),
        put_off=card.visits_extend_expiry,
        held=card.account.held,
        debt=card.account.debt,
        tier=tier_view(card),
        coupons=coupons_of(opened.world, card),
        terms=_terms(card),
        wallets=wallets,
        stop_token=links.token(link, LinkPurpose.STOP),
    )


def tier_view(card: Card) -> TierView | None:
    standing = card.standing
    if standing is None or not card.programme.enabled:
        return None
    return TierView(
        name=standing.tier.name,
        turnover=standing.turnover,
        above=standing.above.name if standing.above else None,
        missing=standing.missing,
        required=standing.above.at_least if standing.above else 0,
        currency=None if card.counts_visits else card.currency,
    )


def _terms(card: Card) -> TermsView | None:
    programme = card.programme
    if not programme.enabled:
        return None
    rules = card.directory.rules.bonuses
    return TermsView(
        earn_percent=card.percent,
        cap_percent=programme.redeem_cap_percent,
        minimum=programme.redeem_minimum_points,
        step=programme.redeem_step_points,
        point_minor=rules.point_value(card.currency) if card.currency else 0,
        currency=card.currency,
    )
