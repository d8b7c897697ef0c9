"""What the demo's report says of messages: what was sent and what was not, cascades, who wants no more of
them, the campaign, the walks, what the salon is told, and what it all costs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.shared.touches import TouchKind
from infra.demo.day.answers import STOP
from infra.demo.day.cascades import Cascade
from infra.demo.http import Caller
from infra.demo.report.report import Report, Row

MICROS = 1_000_000


def messages(report: Report, log: Sequence[Message]) -> None:
    """Kinds by states, and why what was not sent was not."""
    states = [state for state in MessageState if any(message.state is state for message in log)]
    rows: list[Row] = []
    for kind in TouchKind:
        found = [message for message in log if message.kind is kind]
        along = sum(message.with_message is not None for message in found)
        within = f"{along} within a review request" if along else ""
        remark = ", ".join(filter(None, [_reasons(found), within]))
        rows.append((kind.value, [sum(m.state is state for m in found) for state in states], remark))
    total = [sum(message.state is state for message in log) for state in states]
    report.grid("Messages", [state.value for state in states], [*rows, ("all", total, _channels(log))])
    skipped = Counter(str(each.reason) for each in log if each.state is MessageState.SKIPPED)
    report.section("Skipped because", [", ".join(f"{why} {count}" for why, count in skipped.most_common())])


def _reasons(messages: Sequence[Message]) -> str:
    counted = Counter(message.reason for message in messages if message.reason)
    return ", ".join(f"{reason} {count}" for reason, count in counted.most_common())


def _channels(log: Sequence[Message]) -> str:
    went = [m for m in log if m.provider_id and m.with_message is None]
    counted = Counter(message.channel for message in went)
    parts = sum(message.parts for message in went if message.channel == "sms")
    return ", ".join(f"{count} {name}" for name, count in counted.most_common()) + f"; {parts} parts of SMS"


def cascades(report: Report, found: Sequence[Cascade]) -> None:
    """A line for each: when which channel was tried, and what came of it."""
    rows = []
    for cascade in found:
        steps = [
            f"{message.recorded_at:%H:%M:%S} {message.channel} {message.state.value}"
            + (f" ({message.reason})" if message.reason else "")
            for message in cascade.attempts
        ]
        rows += [f"{cascade.attempts[0].kind.value}: {cascade.title}", f"  {' -> '.join(steps)}"]
    report.section("Cascades", rows)


def opt_out(report: Report, reception: Caller, client_id: str) -> None:
    """What the client said, what stands, and what became of the next message."""
    history = reception.get(f"/v1/clients/{client_id}/consents")
    refused = [each for each in history["consents"] if not each["granted"]]
    stop = f'"{STOP}" by {refused[0]["how"]} at {refused[0]["at"][11:19]}' if refused else "nothing was said"
    by_purpose: dict[str, list[str]] = {}
    for each in refused:
        by_purpose.setdefault(each["purpose"], []).append(each["channel"])
    refusals = (f"no {purpose} by {', '.join(channels)}" for purpose, channels in by_purpose.items())
    log = reception.get(f"/v1/clients/{client_id}/messages")["items"]
    rows = [stop, "; ".join(refusals)]
    for each in sorted(log, key=lambda each: str(each["recorded_at"])):
        why = f" ({each['reason']}: {each['reason_words']})" if each.get("reason") else ""
        rows.append(f"{each['recorded_at'][11:19]} {each['kind']} {each['state']}{why}")
    report.section("Opt-out by SMS", rows)


def campaign(report: Report, answer: Mapping[str, Any]) -> None:
    forecast, results = answer["forecast"], answer["results"]

    def listed(numbers: Sequence[Mapping[str, Any]]) -> str:
        return ", ".join(f"{each['code']} {each['clients']}" for each in numbers) or "-"

    rows = [f"{answer['name']}: {answer['state']}, {answer['invited']} recipients"]
    if forecast:
        rows.append(f"dry run  {listed([*forecast['channels'], *forecast['left_out']])}; "
                    f"${forecast['cost_micros'] / MICROS:.2f}")  # fmt: skip
    if results:
        rows.append(f"came to  {listed(results['states'])}; because {listed(results['reasons'])}; "
                    f"${results['cost_micros'] / MICROS:.2f}")  # fmt: skip
    report.section("Campaign", rows)


def walks(report: Report, found: Sequence[Mapping[str, Any]]) -> None:
    """The oldest first."""
    rows = [
        f"{walk['kind']:8} {walk['begun_at'][11:19]}-{walk['finished_at'][11:19]}  {walk['seen']:>6,} seen, "
        f"{walk['changed']:>5,} {'planned anew' if walk['kind'] == 'replan' else 'found'}"
        for walk in reversed(found)
        if walk["finished_at"]
    ]
    report.section("Walks", rows or ["none"])


def tasks(report: Report, found: Sequence[Mapping[str, Any]]) -> None:
    """Each kind with how many there are, what is asked for, and what a client wrote."""
    kinds = Counter(str(each["kind"]) for each in found)
    rows = []
    for kind, count in kinds.most_common():
        of_kind = [each for each in found if each["kind"] == kind]
        detail = next((f' "{each["detail"]}"' for each in of_kind if each["detail"]), "")
        rows.append(f"{count} {kind}: {of_kind[0]['words']}{detail}")
    report.section("The salon is told", rows or ["nothing"])


def costs(report: Report, answer: Mapping[str, Any]) -> None:
    """By kind, over salons and channels, from the report of the month."""
    sums: dict[str, list[int]] = {}
    for line in answer["items"]:
        numbers = sums.setdefault(line["kind"], [0] * 3)
        for place, name in enumerate(("parts", "cost_micros", "charged_micros")):
            numbers[place] += line[name]
    columns = ["parts", "cost, $", "charged, $"]
    ordered = [kind.value for kind in TouchKind if kind.value in sums]
    rows: list[Row] = [(kind, _dollars(sums[kind]), "") for kind in ordered]
    budget = answer["budget"]
    remark = ""
    if budget and budget["budget_micros"] is not None:
        remark = f"of a budget of ${budget['budget_micros'] / MICROS:.2f}"
    everything = [sum(sums[kind][place] for kind in ordered) for place in range(3)]
    report.grid("Costs by kind", columns, [*rows, ("all", _dollars(everything), remark)])


def _dollars(numbers: Sequence[int]) -> list[object]:
    parts, *micros = numbers
    return [parts, *(f"{each / MICROS:.2f}" if each else 0 for each in micros)]
