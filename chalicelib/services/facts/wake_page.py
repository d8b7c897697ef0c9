"""What waking means for a page of facts: it is handed to the function that renews pages."""

from chalicelib.domain.facts.fact_pages import FactPage, handed_over
from chalicelib.services.facts.fact_ports import RenewalQueue
from chalicelib.services.shared.world import World


def wake_page(world: World, renewals: RenewalQueue | None, page: FactPage) -> None:
    """Hands the page over, and wakes it again later, in case that is lost. renewals: None where no function
    renews pages: reports read the marked days from the index."""
    (saved,) = world.store.save(handed_over(page, world.now()))
    if renewals is not None:
        renewals.renew(saved)
