"""What DynamoDB answered when a call failed."""

from pynamodb.exceptions import PynamoDBException


def code_of(error: PynamoDBException) -> str | None:
    """DynamoDB's code, such as ConditionalCheckFailedException; None of a call that was never answered, for
    which PynamoDB's own property raises AttributeError."""
    answer = getattr(error.cause, "response", None) or {}
    code: str | None = answer.get("Error", {}).get("Code")
    return code
