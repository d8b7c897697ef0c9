"""Clients as a partner told of them: what somebody may have changed since is left out. Pure."""

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, NamedByPartner
from chalicelib.domain.clients.first_source import partner_word


def as_partner_named(client: Client) -> Client:
    """The client as the partner told of them. What somebody may have changed since is left out, and so are
    note and preferences, which the desk writes, too."""
    named = client.named
    if named is None:
        is_record = client.merged is not None and not client.merged.out_id
        named = _named(client) if is_record or client.version <= 1 else NamedByPartner(name="")
    given = {name: getattr(named, name) for name in NamedByPartner.__struct_fields__}
    return replace(client, **given, source=partner_word(client), note=None, preferences=None)


def named_by_partner(client: Client) -> Client:
    """A client whom a partner registers, with what the partner told."""
    return replace(client, named=_named(client))


def _named(client: Client) -> NamedByPartner:
    return NamedByPartner(**{name: getattr(client, name) for name in NamedByPartner.__struct_fields__})
