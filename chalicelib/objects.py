"""The bucket of facts."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

PARQUET = "application/vnd.apache.parquet"
_MISSING = ("NoSuchKey", "404")


class S3FactObjects:
    """client: gives the botocore client, which is safe under threads; called when an object is needed."""

    def __init__(self, client: Callable[[], Any], bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def get(self, key: str) -> bytes | None:
        try:
            content: bytes = self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise
        return content

    def put(self, key: str, content: bytes) -> None:
        self._client().put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=PARQUET)

    def remove(self, key: str) -> None:
        self._client().delete_object(Bucket=self._bucket, Key=key)

    def keys(self, prefix: str) -> list[str]:
        pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return sorted(found["Key"] for page in pages for found in page.get("Contents", ()))
