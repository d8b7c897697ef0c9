"""A phone that a person of the salon writes: by the salon's country first, then the network's, then those of
its other salons. The person sees at once what was read."""

from chalicelib.domain.messages.phone_numbers import phone_countries
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.services.shared.contact_details import phone_e164


def phone_at_desk(directory: Directory, access: Access, text: str, salon_id: str | None = None) -> str:
    """The number in E.164. Without a salon, those that the key opens are meant. Raises INVALID_PHONE."""
    near = [salon_id] if salon_id else access.salon_ids
    countries = phone_countries(directory, near)
    return phone_e164(text, *countries, *phone_countries(directory, directory.salons))
