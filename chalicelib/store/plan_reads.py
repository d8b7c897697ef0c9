"""Reads of many for what a network plans: campaigns and promotions. The contract: services/shared/ports.py
`Store`."""

from collections.abc import Sequence

from chalicelib.domain.marketing.campaigns import Campaign, Recipient
from chalicelib.domain.marketing.promotions import SHARES, Promotion, PromotionShare, share_name
from chalicelib.services.shared.ports import Page
from chalicelib.store import keys
from chalicelib.store.lists import Lists


class PlanReads(Lists):
    """Lists, and those of campaigns and promotions."""

    def campaigns(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Campaign]:
        return self._page(
            Campaign, *keys.key("CAMPAIGN", network_id=network_id, id=""), limit=limit, cursor=cursor
        )

    def recipients_named(
        self, network_id: str, campaign_id: str, client_ids: Sequence[str]
    ) -> list[Recipient]:
        """Those of these clients who have a place in the campaign."""
        parts = {"network_id": network_id, "campaign_id": campaign_id}
        places = [keys.key("RECIPIENT", client_id=id, **parts) for id in dict.fromkeys(client_ids)]
        return self._batch(Recipient, places)

    def promotions(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Promotion]:
        place = keys.key("PROMOTION", network_id=network_id, id="")
        return self._page(Promotion, *place, limit=limit, cursor=cursor)

    def promotion_shares(self, network_id: str, promotion_ids: Sequence[str]) -> list[PromotionShare]:
        """All in which these promotions are counted, where anything was counted yet; read consistently."""
        places = [
            keys.key("SHARE", network_id=network_id, promotion_id=id, number=share_name(number))
            for id in dict.fromkeys(promotion_ids)
            for number in range(SHARES)
        ]
        return self._batch(PromotionShare, places, consistent=True)
