"""One event for each Lambda function, with work behind it, and the environment that the functions find."""

import json
from typing import Any

from bench.setting.deliveries import DELIVERIES, receipt_of
from bench.setting.environment import REGION, SHARDS
from bench.setting.layout import just_made, lay_out, with_client
from bench.setting.metered_driver import SALON, SERVICE, MeteredDriver
from bench.setting.occasions import Scene, sent_lately
from chalicelib.domain.networks.network import Role
from chalicelib.services.intake.receive_webhook import receive
from chalicelib.services.networks.manage_keys import make_key

TOPIC = f"arn:aws:sns:{REGION}:000000000000:message-events"


def environment_of(driver: MeteredDriver) -> dict[str, str]:
    """What the functions' environment says, and the parameters that they read."""
    ssm = driver.environment.client("ssm")
    for name, value in (("link-secret", "5" * 64), ("public-base-url", "https://lotos.example")):
        ssm.put_parameter(Name=f"/perennial/bench/{name}", Value=value, Type="String", Overwrite=True)
    return {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": str(driver.environment.endpoint_url),
        "TABLE_NAME": str(driver.table.item.Meta.table_name),
        "WAKE_QUEUE_URL": driver.wake_url, "INTAKE_QUEUE_URL": driver.intake_url, "WAKE_SHARDS": str(SHARDS),
        "PARAMETER_PREFIX": "/perennial/bench", "STAGE": "bench", "SMS_CHANNEL": "sns", "LOG_LEVEL": "ERROR",
        "EVENTS_TOPIC": TOPIC, "EVENT_SIGNATURES": "unsigned",
        "POWERTOOLS_SERVICE_NAME": "perennial", "POWERTOOLS_METRICS_NAMESPACE": "Perennial/bench",
    }  # fmt: skip


def events_of(driver: MeteredDriver) -> dict[str, Any]:
    """An event for each function, with work behind it."""
    raw, headers = DELIVERIES["standard"](
        driver.clock.now.replace(year=driver.clock.now.year + 1), driver.clock.now
    )
    receipt = receive(driver.receiving(), "standard", driver.connections["standard"].token, raw, headers)
    made = just_made(driver)
    lay_out(driver, with_client(made))
    pk, sk, _ = driver.table.locate(made)
    (message,) = driver.table.save(sent_lately(Scene(driver, "told of")))
    _, key = make_key(driver.world, driver.network_id, Role.RECEPTION, name="Reception")
    booking = {
        "salon_id": SALON,
        "starts_at": f"{driver.clock.now.year + 1}-01-15T10:00:00Z",
        "lines": [{"service_id": SERVICE}],
        "client": {"name": "Ion Rusu", "phone": "069000001"},
    }
    return {
        "sweep": {"version": "0", "account": "0", "region": REGION, "detail": {},
                  "detail-type": "Scheduled Event", "source": "aws.events", "time": "2026-11-23T08:00:00Z",
                  "id": "1", "resources": ["rule"]},
        "intake": _sqs({"network_id": driver.network_id, "inbox_id": receipt.inbox_id}),
        "wake": _sqs({"shard": "WAKE#00", "pk": pk, "sk": sk}),
        "receipts": _sqs(receipt_of(message, TOPIC, driver.clock.now)),
        "api": {"requestContext": {"httpMethod": "POST", "resourcePath": "/v1/bookings", "requestId": "bench",
                                   "identity": {"sourceIp": "192.0.2.1"}},
                "headers": {"Authorization": f"Bearer {key}"}, "multiValueQueryStringParameters": None,
                "pathParameters": {}, "body": json.dumps(booking), "isBase64Encoded": False,
                "stageVariables": None},
    }  # fmt: skip


def _sqs(body: Any) -> dict[str, Any]:
    return {"Records": [{"messageId": "1", "receiptHandle": "1", "body": json.dumps(body),
                         "attributes": {"MessageGroupId": "1"}, "messageAttributes": {}, "md5OfBody": "",
                         "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q",
                         "awsRegion": REGION}]}  # fmt: skip
