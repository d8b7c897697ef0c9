"""The only reader of the environment. What each name means is in docs/operation.md."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """A function's surroundings, as CloudFormation sets them (infra/resources.yaml)."""

    region: str
    table_name: str
    wake_queue_url: str
    intake_queue_url: str
    wake_shards: int
    parameter_prefix: str
    stage: str
    endpoint_url: str | None


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Raises KeyError naming the variable that is missing."""
    env = os.environ if environment is None else environment
    return Settings(
        region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1",
        table_name=env["TABLE_NAME"],
        wake_queue_url=env.get("WAKE_QUEUE_URL", ""),
        intake_queue_url=env.get("INTAKE_QUEUE_URL", ""),
        wake_shards=int(env.get("WAKE_SHARDS", "8")),
        parameter_prefix=env.get("PARAMETER_PREFIX", ""),
        stage=env.get("STAGE", "local"),
        endpoint_url=env.get("AWS_ENDPOINT_URL") or None,
    )
