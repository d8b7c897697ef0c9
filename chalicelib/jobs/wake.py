"""Temporary: see app.py."""

from chalice import Blueprint

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="wake.fifo", batch_size=10)
def wake(event):
    import os

    import botocore.session

    session = botocore.session.get_session()
    for record in event:
        session.create_client("dynamodb").put_item(TableName=os.environ["TABLE_NAME"], Item={
            "PK": {"S": "NET#n"}, "SK": {"S": "WOKEN"}, "body": {"S": record.body}})
        session.create_client("sns").publish(PhoneNumber="+15555550100", Message="woken " + record.body)
    return {"batchItemFailures": []}
