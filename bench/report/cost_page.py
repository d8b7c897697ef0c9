"""Keeps the measured part of docs/cost.md: `make bench` writes it anew."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.report import marked_part
from bench.report.prices import idle_month_dollars, step_dollars
from bench.setting.environment import SHARDS
from infra.package import ROOT

PAGE = ROOT / "docs" / "cost.md"

MESSAGE_COLUMNS = ("write", "of_table", "of_log", "of_pointer", "read", "dynamodb_calls")

Step = Mapping[str, Any]


def measured_part(steps: Sequence[Step], messages: Sequence[Mapping[str, Any]]) -> str:
    """The tables, from what bench/results.json holds of the steps of a visit and of messages."""
    visit = [step for step in steps if not step["beside"]]
    lines = [
        "| step | function | written | floor | read | calls | $ per 1,000 |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(_line(step) for step in visit),
        f"| **one visit** | | **{_sum(visit, 'write')}** | **{_sum(visit, 'floor')}** |"
        f" **{_sum(visit, 'read')}** | **{_calls(visit)}** | **{_dollars(visit):.4f}** |",
        *(_line(step) for step in steps if step["beside"]),
        "",
        "| what is paid for | $ per 1,000 visits |",
        "|---|---:|",
        *(f"| {name} | {dollars:.4f} |" for name, dollars in _by_service(visit).items()),
        "",
        f"A month in which nothing at all happens costs ${idle_month_dollars(SHARDS):.2f}: the sweep,"
        f" {SHARDS} shards, each minute.",
        "",
        *marked_part.rows_of(
            ["message", "", "written", "table", "salon's list", "pointer", "read", "calls"],
            [[row["message"], row["comes_to"], *(row[name] for name in MESSAGE_COLUMNS)] for row in messages],
            texts=2,
        ),
    ]
    return "\n".join(lines)


def _line(step: Step) -> str:
    return (
        f"| {step['step']} | {step['function']} | {step['write']:g} | {step['floor']} | {step['read']:g} |"
        f" {step['dynamodb_calls'] + step['sqs_calls']} | {step['dollars_per_1000']:.4f} |"
    )


def _sum(steps: Sequence[Step], name: str) -> str:
    return f"{sum(step[name] for step in steps):g}"


def _calls(steps: Sequence[Step]) -> int:
    return sum(step["dynamodb_calls"] + step["sqs_calls"] for step in steps)


def _dollars(steps: Sequence[Step]) -> float:
    return sum(float(step["dollars_per_1000"]) for step in steps)


def _by_service(steps: Sequence[Step]) -> dict[str, float]:
    names = {"dynamodb": "DynamoDB", "api_gateway": "API Gateway", "lambda_and_logs": "Lambda and its logs",
             "sqs_and_sns": "SQS, and SNS's calls"}  # fmt: skip
    return {label: sum(step_dollars(step)[name] for step in steps) * 1000 for name, label in names.items()}


def rewrite(steps: Sequence[Step], messages: Sequence[Mapping[str, Any]]) -> None:
    marked_part.put_between_marks(PAGE, measured_part(steps, messages))
