"""Masks for logs and for specialists: enough to recognise, too little to use."""

import re

_KEY_TO_PAGE = re.compile(r"(https?://\S+/[a-z]/)[0-9a-z]{16}\b")
"""The address of a client's page. The page takes its visitor for the client."""

_JOIN = r"\s.()/\u2010-\u2015\u200b-\u200f\u2060-"
"""What people, and those who hide a phone, write between its digits."""
_CONTACT = re.compile(
    r"(?P<date>\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b)"
    r"|(?P<email>[^\s@<>,;:()]+\s?@\s?[^\s@<>,;:()]+\.[^\s@<>,;:()]+)"
    rf"|(?P<phone>\+?[{_JOIN}]*\d(?:[{_JOIN}]*\d){{7,14}})"
)


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


def masked_contacts(text: str) -> str:
    """Free text without the phones and e-mail addresses in it: `call +37369123456` -> `call +373*****56`.
    Dates stay."""
    return _CONTACT.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    if found["email"]:
        return masked_email("".join(found["email"].split())) or ""
    if found["phone"]:
        plain = re.sub(r"[^\d+]", "", found["phone"])
        before = found["phone"][: len(found["phone"]) - len(found["phone"].lstrip())]
        return before + (masked_phone(plain) or "")
    return found.group()


def masked_links(text: str) -> str:
    """The words of a message without the keys to the client's pages."""
    return _KEY_TO_PAGE.sub(r"\1…", text)
