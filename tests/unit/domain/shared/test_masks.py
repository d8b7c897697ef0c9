"""What a specialist is shown of phones and e-mails: enough to recognise, too little to use."""

import pytest

from chalicelib.domain.shared.masks import masked_contacts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+37369701234", "+373******34"),
        ("37369701234", "3736*****34"),
        ("Maria +373 69 701-234", "Maria +373******34"),
        ("Maria37369701234x", "Maria3736*****34x"),
        ("call (069) 701 234, after 14:30", "call 0697***34, after 14:30"),
        ("3 7 3 6 9 7 0 1 2 3 4", "3736*****34"),
        ("tel:069.701.234", "tel:0697***34"),
        ("hidden.person@private.example", "h***@private.example"),
        ("write to a@b.md, please", "write to a***@b.md, please"),
        ("maria @ private.example", "m***@private.example"),
    ],
)
def test_phones_and_emails_in_free_text_are_masked(text: str, shown: str) -> None:
    assert masked_contacts(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Maria Popescu",
        "25.11.2026 10:00, 500 MDL",
        "2026-11-25 10:00",
        "24 ноября 14:30, 60 мин, 1 500 лей",
        "colour 6/34, 2026",
        "https://salon.example/b/…",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert masked_contacts(text) == text
