"""Masks for logs and for specialists: enough to recognise, too little to use."""

import re

_KEY_TO_PAGE = re.compile(r"(https?://\S+/[a-z]/)[0-9a-z]{16}\b")
"""The address of a client's page. The page takes its visitor for the client."""


def masked_phone(phone: str | None) -> str | None:
    """`+37369123456` -> `+373*****56`."""
    if not phone:
        return phone
    return phone[:4] + "*" * max(len(phone) - 6, 3) + phone[-2:]


def masked_email(email: str | None) -> str | None:
    """`maria@example.com` -> `m***@example.com`."""
    if not email or "@" not in email:
        return email
    local, _, host = email.partition("@")
    return f"{local[:1]}***@{host}"


def masked_address(channel: str, address: str | None) -> str | None:
    """Where a message went to: a phone, an e-mail address, or a device's endpoint."""
    return masked_email(address) if channel == "email" else masked_phone(address)


def masked_links(text: str) -> str:
    """The words of a message without the keys to the client's pages."""
    return _KEY_TO_PAGE.sub(r"\1…", text)
