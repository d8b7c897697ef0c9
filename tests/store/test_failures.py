"""What a failed call is taken for."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pynamodb.exceptions import PutError

from chalicelib.store.failures import code_of

REFUSED = ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem")


@pytest.mark.parametrize(
    ("cause", "code"),
    [(REFUSED, "ConditionalCheckFailedException"), (ReadTimeoutError(endpoint_url="x"), None), (None, None)],
)
def test_a_call_that_was_never_answered_has_no_code(cause: Any, code: str | None) -> None:
    assert code_of(PutError("x", cause)) == code
