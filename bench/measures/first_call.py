"""Run in a fresh process: imports one handler, calls it once, and prints what the call has loaded.

    python -P bench/measures/first_call.py MODULE FUNCTION < event.json

`bare` as the function: one GetItem and one line of log, by the least that can make them.
"""

import importlib
import json
import sys
from typing import Any


class Context:
    """As much of Lambda's context as a handler looks at."""

    aws_request_id = "bench"
    function_name = "bench"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30_000


def bare(event: dict[str, Any]) -> None:
    from aws_lambda_powertools.logging import Logger
    from pynamodb.attributes import UnicodeAttribute
    from pynamodb.models import Model

    class Item(Model):
        class Meta:
            table_name = event["table"]
            region = event["region"]
            host = event["endpoint_url"]

        pk = UnicodeAttribute(hash_key=True, attr_name="PK")
        sk = UnicodeAttribute(range_key=True, attr_name="SK")

    try:
        Item.get("nothing", "nothing")
    except Item.DoesNotExist:
        Logger().error("nothing is there")


def main(modules: str, function: str) -> None:
    event = json.load(sys.stdin)
    for module in modules.split(","):
        handler = importlib.import_module(module)
    before = set(sys.modules)
    if function == "bare":
        bare(event)
    else:
        answer = getattr(handler, function)(event, Context())
        assert not (answer or {}).get("batchItemFailures") if isinstance(answer, dict) else True, answer
        assert not isinstance(answer, dict) or answer.get("statusCode", 200) < 300, answer
    print()
    print(json.dumps([name for name in sys.modules if name not in before]))


if __name__ == "__main__":
    main(*sys.argv[1:])
