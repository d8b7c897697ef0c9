"""What a connection is a connection with: the company, merchant or location on the booking site, as far as
the settings name it. Two connections with the same one would bring each booking twice."""

from collections.abc import Collection, Iterable

from chalicelib.domain.intake.trust import companies
from chalicelib.domain.networks.network import UNSIGNED_SITES, Connection, Directory
from chalicelib.domain.shared.errors import DomainError, conflict

ALREADY_CONNECTED = "ALREADY_CONNECTED"
MAX_TWINS = 20
"""Among how many connections it is looked who brought a booking first."""
MERCHANT, BRIDGE = "merchant_id", "bridge"


def accounts(connection: Connection) -> frozenset[str]:
    """What the settings name, in words that a person reads: `company 9911`. Empty where they name nothing."""
    settings = connection.settings
    mapped = {name.removeprefix("salon:") for name in settings if name.startswith("salon:")}
    if connection.site in UNSIGNED_SITES:
        return frozenset(f"company {each}" for each in (companies(settings) or set()) | mapped)
    merchant = {f"merchant {settings[MERCHANT]}"} if settings.get(MERCHANT) else set()
    return frozenset({f"location {each}" for each in mapped} | merchant)


def shared_account(one: Connection, other: Connection) -> str | None:
    """What both name, the first by the alphabet; None where they name nothing in common."""
    common = accounts(one) & accounts(other) if _is_same_site(one, other) else ()
    return min(common, default=None)


def may_be_same(one: Connection, other: Connection) -> bool:
    """Whether both may bring the same bookings: they name the same, or one of them names nothing, and they
    are of one salon or were so before (`twins`)."""
    if not _is_same_site(one, other):
        return False
    if accounts(one) and accounts(other):
        return shared_account(one, other) is not None
    return one.salon_id == other.salon_id or other.id in one.twins


def twins_of(connection: Connection, others: Iterable[Connection]) -> list[Connection]:
    """The connections among the others that may bring the same bookings, the oldest first."""
    found = (each for each in others if each.id != connection.id)
    same = (each for each in found if may_be_same(connection, each))
    return sorted(same, key=lambda each: (each.created_at, each.id))


def ensure_only_one(connection: Connection, directory: Directory, known: Collection[str] = ()) -> None:
    """Raises ALREADY_CONNECTED where another connection in use has a company, merchant or location that this
    one's settings name. known: what its settings named before, which nobody looks at again."""
    for other in directory.connections.values():
        account = shared_account(connection, other) if other.id != connection.id else None
        if account is not None and account not in known:
            raise already_connected(directory, other, account)


def already_connected(directory: Directory, other: Connection, what: str) -> DomainError:
    """The refusal that names the connection, and its salon, that has it."""
    salon = directory.salons.get(other.salon_id or "")
    place = f"of salon {salon.name}" if salon else "of the whole network"
    return conflict(
        "ALREADY_CONNECTED",
        f"Connection {other.id} {place} already has {what}. Keep one of the two, and delete the other. For a "
        "new address of the same connection, rotate it.",
        connection_id=other.id,
        account=what,
    )


def _is_same_site(one: Connection, other: Connection) -> bool:
    """Two bridges (`standard`) of other names are two sites."""
    return one.site == other.site and one.settings.get(BRIDGE) == other.settings.get(BRIDGE)
