"""People who share a phone: a mother and her child. The phone is the mother's; the child is a client without
a phone, whose contact person she is. What concerns the child's bookings is sent to her. Pure."""

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, Consent
from chalicelib.domain.clients.consents import BY_PHONE

MAX_SHARING = 6
"""So many clients share the phone of one contact person at most."""


def needs_contact(client: Client) -> bool:
    """Whether messages about the client's bookings go to a contact person."""
    return client.contact_id is not None and not client.phone


def reached_through(client: Client, contact: Client) -> Client:
    """The client with the addresses of the contact person, for messages about the client's bookings; never to
    be saved. A no of either holds. The contact person's e-mail is taken where the client has none."""
    takes_email = not client.email
    channels = (*BY_PHONE, "email") if takes_email else BY_PHONE
    own = [each for each in client.consents if each.channel not in channels or not each.granted]
    refused = {(each.channel, each.purpose) for each in own}
    taken = [
        each
        for each in contact.consents
        if each.channel in channels and (each.channel, each.purpose) not in refused
    ]
    dead = [each for each in contact.dead_addresses if each.channel in channels]
    consents: tuple[Consent, ...] = (*own, *taken)
    sharing = (contact.id, *(each for each in contact.contact_of if each != client.id))
    return replace(
        client,
        phone=contact.phone,
        email=contact.email if takes_email else client.email,
        consents=consents,
        dead_addresses=(*client.dead_addresses, *dead),
        written_at=contact.written_at,
        language=client.language or contact.language,
        timezone=client.timezone or contact.timezone,
        contact_id=contact.id,
        contact_of=sharing,
    )
