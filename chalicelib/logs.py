"""One JSON line a log record, by Powertools, with all phones masked."""

import logging
import re
from functools import cache

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers

_PHONE = re.compile(r"\+\d{4,}(?=\d{2})")


class _MaskPhones(logging.Filter):
    """The last net: no code should log a phone, but an error's text may carry one."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _PHONE.search(message):
            record.msg, record.args = _PHONE.sub(_masked, message), None
        return True


def _masked(match: "re.Match[str]") -> str:
    return match.group()[:4] + "*" * (len(match.group()) - 4)


@cache
def logger() -> Logger:
    """The process's logger; what the use cases log by the standard library goes the same way."""
    made = Logger()
    logging.getLogger("chalicelib")
    copy_config_to_registered_loggers(made, include={"chalicelib"})
    for name in (made.name, "chalicelib"):
        for handler in logging.getLogger(name).handlers:
            handler.addFilter(_MaskPhones())
    return made
