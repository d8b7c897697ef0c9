"""The field of a refused request is read from the words of msgspec, which no version of it promises to keep.
A new version that says it in other words fails here."""

import pytest

from chalicelib.api.http.parsing import Body, body_of, query_of
from chalicelib.domain.shared.errors import DomainError


class Line(Body):
    service_id: str
    minutes: int = 30


class Visit(Body):
    lines: list[Line]
    note: str | None = None


class Asked(Body):
    limit: int = 50


@pytest.mark.parametrize(
    ("raw", "code", "field"),
    [
        (b'{"lines": [], "nota": 1}', "UNKNOWN_FIELD", "nota"),
        (b'{"lines": [{"service_id": "s", "length": 1}]}', "UNKNOWN_FIELD", "lines[0].length"),
        (b'{"lines": [], "a`b\\nc": 1}', "UNKNOWN_FIELD", "a`b\nc"),
        (b"{}", "MISSING_FIELD", "lines"),
        (b'{"lines": [{"minutes": 5}]}', "MISSING_FIELD", "lines[0].service_id"),
        (b'{"lines": [{"service_id": 5}]}', "INVALID_FIELD", "lines[0].service_id"),
        (b'{"lines": [], "note": 5}', "INVALID_FIELD", "note"),
        (b"[]", "INVALID_FIELD", ""),
    ],
)
def test_the_field_of_a_refused_body_is_named(raw: bytes, code: str, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        body_of(raw, Visit)
    assert (refused.value.code, refused.value.details) == (code, {"field": field})


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [({"size": "5"}, "UNKNOWN_FIELD", "size"), ({"limit": "many"}, "INVALID_FIELD", "limit")],
)
def test_the_field_of_a_refused_address_is_named(params: dict[str, str], code: str, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        query_of(params, Asked)
    assert (refused.value.code, refused.value.details) == (code, {"field": field})
