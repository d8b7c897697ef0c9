"""Masks for logs and for specialists: enough to recognise, too little to use."""


def masked_phone(phone: str | None) -> str | None:
    """`+37369123456` -> `+373*****56`."""
    if not phone:
        return phone
    return phone[:4] + "*" * max(len(phone) - 6, 3) + phone[-2:]


def masked_name(name: str | None) -> str | None:
    """`Maria Popescu` -> `M. P.`."""
    if not name:
        return name
    return " ".join(f"{word[0]}." for word in name.split())


def masked_email(email: str | None) -> str | None:
    """`maria@example.com` -> `m***@example.com`."""
    if not email or "@" not in email:
        return email
    local, _, host = email.partition("@")
    return f"{local[:1]}***@{host}"
