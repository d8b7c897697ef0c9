"""The contact person of a client who shares another client's phone: read only where there is one."""

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.contact_person import needs_contact, reached_through
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.shared.world import World


def reached(world: World, client: Client) -> Client:
    """The client as messages about the client's bookings reach them: with the addresses of the contact person
    where there is one. Never to be saved."""
    if not needs_contact(client):
        return client
    contact = world.store.get(Client, network_id=client.network_id, id=str(client.contact_id))
    contact = surviving_client(world, contact)
    return client if contact is None or contact.id == client.id else reached_through(client, contact)


def sharing(world: World, client: Client) -> list[Client]:
    """The clients who share this client's phone now; after a merge also those who shared the source's."""
    found = (world.store.get(Client, network_id=client.network_id, id=each) for each in client.contact_of)
    people = [each for each in found if each is not None and each.merged is None and needs_contact(each)]
    return [each for each in people if _is_contact(world, client, each)]


def _is_contact(world: World, client: Client, person: Client) -> bool:
    if person.contact_id == client.id:
        return True
    contact = world.store.get(Client, network_id=client.network_id, id=str(person.contact_id))
    contact = surviving_client(world, contact)
    return contact is not None and contact.id == client.id
