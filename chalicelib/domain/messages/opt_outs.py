"""Opt-outs in people's own words: whether a reply asks for no more messages. Pure.

A small grammar reads each clause, in English, Russian and Romanian. A clause has a core, such as a word of
stopping and what shall stop ("stop sending messages"), and around it only words that change nothing ("from
now on"). Any other word limits the request ("at night", "on WhatsApp") or makes it something else ("stop by
at 5"): then a person reads it. A bare word such as "stop" counts only where the reply says nothing else, but
for a greeting, a name or a reason ("wrong number").
"""

import re
from collections.abc import Sequence
from functools import cache

from chalicelib.domain.messages import opt_out_grammar as grammar
from chalicelib.domain.messages.reply_text import Clause, bare, clauses, once


def asks_to_stop(text: str) -> bool:
    """Whether the text asks, beyond doubt, for no more messages of any kind."""
    found = clauses(text)
    named = [_names_what_stops(clause) for clause in found]
    if any(named):
        first = named.index(True)
        return not any(
            _limits(clause, number > first) for number, clause in enumerate(found) if not named[number]
        )
    alone = [_is_bare(clause) for clause in found]
    return any(alone) and all(
        is_bare or _adds_nothing(clause) for is_bare, clause in zip(alone, found, strict=True)
    )


def _names_what_stops(clause: Clause) -> bool:
    """Whether the clause names what shall stop, without a negation and without a limit."""
    text = _firm(clause.words)
    for core in (*_cores(grammar.ENGLISH), *_cores(grammar.RUSSIAN), *_cores(grammar.ROMANIAN)):
        for match in core.finditer(text):
            before, after = text[: match.start()], text[match.end() :]
            if grammar.AFTER.issuperset(after.split()) and _may_precede(before, clause.is_question):
                return True
    return False


def _firm(words: str) -> str:
    """The words without those of politeness and impatience, wherever they stand."""
    return " ".join(_SOFT.sub(" ", words.replace(" ", "  ")).split())


def _may_precede(text: str, is_question: bool) -> bool:
    """Whether the words before a core leave it a request: no negation, no condition, no report of what
    somebody says or does."""
    words = set(text.split())
    if words & grammar.NEGATIONS or _OWN_ACT.search(text):
        return False
    if is_question:
        return words <= grammar.BEFORE and bool(words & grammar.ASKS)
    return words <= grammar.BEFORE or not words & grammar.OPENS_OTHERWISE


def _limits(clause: Clause, follows: bool) -> bool:
    """Whether another clause takes part of the request back: "call me instead", "only reminders"."""
    words = clause.words.split()
    return not grammar.LIMITS.isdisjoint(words) or (follows and words[0] in grammar.GOES_ON)


def _is_bare(clause: Clause) -> bool:
    """Whether the clause is a word of stopping and nothing else."""
    if clause.is_question and not clause.words.startswith(grammar.REQUESTS):
        return False
    text = _firm(clause.words)
    for core in _cores(grammar.BARE):
        match = core.search(text)
        if match is None:
            continue
        before, after = text[: match.start()].split(), text[match.end() :].split()
        if grammar.AROUND.issuperset(before) and (grammar.AROUND.issuperset(after) or _is_reason(after)):
            return True
    return False


def _adds_nothing(clause: Clause) -> bool:
    words = clause.words.split()
    return (
        clause.is_name or clause.words in grammar.NO or grammar.AROUND.issuperset(words) or _is_reason(words)
    )


def _is_reason(words: Sequence[str]) -> bool:
    """Whether the words say why no more messages are wanted, among words that change nothing."""
    telling = " ".join(word for word in words if word not in grammar.AROUND)
    return any(
        core.fullmatch(each) for core in _cores(grammar.REASONS) for each in (" ".join(words), telling)
    )


@cache
def _cores(lines: str) -> Sequence[re.Pattern[str]]:
    """The compiled cores of a grammar, for the plain form of a reply's words."""
    whole = re.sub(r"\n +", "", lines.strip())
    return tuple(re.compile(rf"(?<!\S)(?:{once(bare(line))})(?!\S)") for line in whole.splitlines() if line)


_SOFT = re.compile(rf"(?<!\S)(?:{once(bare(grammar.SOFT))})(?!\S)")
_OWN_ACT = re.compile(
    r"\b(?:(?:i|we|he|she|they) (?:can|could|will?|would|must|should|may|might)|il|wel"
    r"|(?:have|got|had) to) ?$"
)
"""What somebody does or has to do: "I will", "we have to"."""
