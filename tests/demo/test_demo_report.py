"""The demo's table, its bill, and the set-up's secrets."""

from chalicelib.services.shared.links import Links
from infra.demo.day.taps import links_in
from infra.demo.report.cost import bill
from infra.demo.report.report import Report
from infra.demo.year.set_up import randomness_from

LINKS = Links(b"a secret of the tests, long enough", "https://book.example")


def test_a_grid_is_aligned_and_shows_nothing_as_a_dash() -> None:
    report = Report()
    report.grid("Things", ["one", "two"], [("first", [1234, 0], "why"), ("second", [5, 6], "")])
    assert report.lines == [
        "Things                                            one        two",
        "                      first                     1,234          -   why",
        "                      second                        5          6",
        "",
    ]


def test_the_bill_grows_with_what_was_done_and_an_idle_hour_costs_the_sweep_alone() -> None:
    idle = bill(webhooks=0, requests=0, messages=0, skips=0, receipts=0)
    busy = bill(webhooks=45, requests=100, messages=80, skips=8, receipts=70)
    assert 0 < idle.total < 0.0002 < busy.total < 0.01
    assert [cost for *_, cost in busy.dollars] == sorted((cost for *_, cost in busy.dollars), reverse=True)
    assert dict((what, cost) for what, _, cost in idle.dollars)["API Gateway"] == 0


def test_secrets_are_the_same_in_every_run_and_differ_from_each_other() -> None:
    first, again = randomness_from(LINKS), randomness_from(LINKS)
    drawn = [first(10), first(32), first(32)]
    assert drawn == [again(10), again(32), again(32)]
    assert len(set(drawn)) == 3
    assert (
        randomness_from(Links(b"another secret of the tests, long", "https://book.example"))(10) != drawn[0]
    )


def test_links_are_found_in_texts_by_their_purpose() -> None:
    texts = ["See you. https://book.example/api/b/abc123", "Rate: https://book.example/api/r/xyz", "no link",
             "Again https://book.example/api/b/abc123"]  # fmt: skip
    assert links_in(texts, "b") == ["https://book.example/api/b/abc123"]
    assert links_in(texts, "r") == ["https://book.example/api/r/xyz"]
    assert links_in(texts, "u") == []
