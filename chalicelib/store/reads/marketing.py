"""Recipients of campaigns, and how far promotions are used up."""

from collections.abc import Sequence

from chalicelib.domain.marketing.campaigns import Recipient
from chalicelib.domain.marketing.promotions import SHARES, ClientPromotionTotal, PromotionShare, share_name
from chalicelib.store import keys
from chalicelib.store.reader import Reader


class MarketingReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def recipients_named(
        self, network_id: str, campaign_id: str, client_ids: Sequence[str]
    ) -> list[Recipient]:
        """The places of these clients in the campaign; a client without a place is left out."""
        parts = {"network_id": network_id, "campaign_id": campaign_id}
        places = [keys.key("RECIPIENT", client_id=each, **parts) for each in dict.fromkeys(client_ids)]
        return self._reader.batch(Recipient, places)

    def promotion_share(self, network_id: str, promotion_id: str, number: str) -> PromotionShare:
        return self._reader.get_or_empty(
            PromotionShare, network_id=network_id, promotion_id=promotion_id, number=number
        )

    def promotion_shares(self, network_id: str, promotion_ids: Sequence[str]) -> list[PromotionShare]:
        """All in which these promotions are counted, where anything was counted yet; read consistently.
        Raises Unreadable."""
        places = [
            keys.key("SHARE", network_id=network_id, promotion_id=promotion_id, number=share_name(number))
            for promotion_id in dict.fromkeys(promotion_ids)
            for number in range(SHARES)
        ]
        return self._reader.batch(PromotionShare, places, consistent=True, whole=True)

    def promotion_taken(self, network_id: str, promotion_id: str, client_id: str) -> ClientPromotionTotal:
        return self._reader.get_or_empty(
            ClientPromotionTotal, network_id=network_id, promotion_id=promotion_id, client_id=client_id
        )
