"""Temporary: see app.py."""

from chalice import Blueprint, Rate

bp = Blueprint(__name__)


@bp.schedule(Rate(1, unit=Rate.MINUTES))
def sweep(event):
    import os
    import time

    import botocore.session

    session = botocore.session.get_session()
    session.create_client("dynamodb").query(
        TableName=os.environ["TABLE_NAME"], IndexName="wake", KeyConditionExpression="wake_shard = :s",
        ExpressionAttributeValues={":s": {"S": "00"}})
    session.create_client("sqs").send_message(
        QueueUrl=os.environ["WAKE_QUEUE_URL"], MessageBody='{"shard": "00"}', MessageGroupId="00",
        MessageDeduplicationId=str(int(time.time()) // 60))
