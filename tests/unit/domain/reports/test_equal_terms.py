"""Specialists on equal terms: a worked example, the limits, and seeded networks with known true effects."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.reports.equal_terms import OnEqualTerms, StaffStratum, on_equal_terms
from chalicelib.domain.statistics.wilson import difference, wilson
from tests.profile import tries


def stratum(staff: str, category: str | None, new: bool, clients: int, returned: int) -> StaffStratum:
    return StaffStratum(staff=staff, service_category=category, new=new, clients=clients, returned=returned)


def of(staff: str, found: list[OnEqualTerms]) -> OnEqualTerms:
    return next(each for each in found if each.staff == staff)


ANNA_WITH_NEW_CLIENTS = [
    stratum("anna", "hair", True, 80, 24),
    stratum("anna", "hair", False, 20, 16),
    stratum("vera", "hair", True, 20, 6),
    stratum("vera", "hair", False, 80, 64),
]
"""Of new clients 30 % return, of returning clients 80 %, to both. Anna is given the new clients."""


def test_a_specialist_with_many_new_clients_is_not_worse() -> None:
    """The worked example of docs/metrics.md. Plain rates: Anna 40 %, Vera 70 %. On equal terms: 55 % each."""
    anna, vera = on_equal_terms(ANNA_WITH_NEW_CLIENTS)
    assert (anna.returned / anna.clients, vera.returned / vera.clients) == (0.40, 0.70)
    assert anna.rate == pytest.approx(0.55)
    assert vera.rate == pytest.approx(0.55)
    assert (anna.difference, anna.verdict) == (pytest.approx(0), "alike")
    assert anna.covered == 1.0
    assert anna.effective_clients == pytest.approx(64)  # 1 / (0.5 x 0.5 / 80 + 0.5 x 0.5 / 20)
    assert anna.interval is not None
    assert [round(end, 3) for end in anna.interval] == [0.446, 0.65]


def test_with_one_stratum_the_intervals_are_wilsons_and_newcombes() -> None:
    rows = [stratum("anna", "nails", False, 70, 56), stratum("vera", "nails", False, 80, 48)]
    anna, _ = on_equal_terms(rows)
    assert anna.interval == pytest.approx(wilson(56, 70))
    assert anna.difference_interval == pytest.approx(difference(56, 70, 48, 80))
    assert anna.verdict == "better"


def test_only_strata_that_both_serve_count() -> None:
    rows = [
        stratum("anna", "hair", False, 60, 30),
        stratum("anna", "lashes", False, 40, 40),
        stratum("vera", "hair", False, 60, 30),
        stratum("vera", "nails", False, 900, 900),
    ]
    anna, vera = on_equal_terms(rows)
    assert (anna.rate, anna.other_rate, anna.covered) == (0.5, 0.5, 0.6)
    assert vera.covered == pytest.approx(60 / 960)


def test_a_stratum_of_fewer_than_five_clients_of_a_side_does_not_count() -> None:
    few = [stratum("anna", "nails", True, 4, 4), stratum("vera", "nails", True, 500, 0)]
    anna, _ = on_equal_terms([*ANNA_WITH_NEW_CLIENTS, *few])
    assert anna.rate == pytest.approx(0.55)
    assert anna.covered == pytest.approx(100 / 104)


@pytest.mark.parametrize(("clients", "verdict"), [(29, "too_few"), (30, "worse")])
def test_below_30_effective_clients_there_are_too_few_to_tell(clients: int, verdict: str) -> None:
    rows = [stratum("anna", "hair", False, clients, 1), stratum("vera", "hair", False, 300, 270)]
    assert of("anna", on_equal_terms(rows)).verdict == verdict


def test_a_sole_master_is_compared_with_their_own_past() -> None:
    now = [stratum("anna", "hair", True, 50, 30), stratum("anna", "hair", False, 150, 120)]
    past = [stratum("anna", "hair", True, 150, 45), stratum("anna", "hair", False, 50, 25)]
    (anna,) = on_equal_terms(now, past)
    assert anna.compared_with == "own_past"
    assert (anna.rate, anna.other_rate) == (pytest.approx(0.7), pytest.approx(0.4))
    assert anna.verdict == "better"


def test_a_sole_master_without_a_past_gets_no_rate() -> None:
    (anna,) = on_equal_terms([stratum("anna", "hair", True, 50, 30)])
    assert (anna.verdict, anna.rate, anna.effective_clients) == ("too_few", None, 0)
    assert (anna.clients, anna.returned) == (50, 30)


def test_services_without_a_category_are_a_stratum_of_their_own() -> None:
    rows = [stratum("anna", None, False, 40, 20), stratum("vera", None, False, 40, 20)]
    assert of("anna", on_equal_terms(rows)).rate == 0.5


def test_nobody_is_compared_where_nobody_worked() -> None:
    assert on_equal_terms([]) == []
    assert on_equal_terms([stratum("anna", "hair", True, 0, 0)])[0].verdict == "too_few"


def test_more_returned_than_clients_is_refused() -> None:
    with pytest.raises(ValueError, match="6 returned of 5"):
        on_equal_terms([stratum("anna", "hair", True, 5, 6)])


RATES = {
    (category, new): (0.25 if new else 0.65) + 0.05 * place
    for place, category in enumerate(("hair", "nails", "brows", "massage"))
    for new in (True, False)
}
"""True rate of return of each stratum, the same for all specialists but for their own effect."""


def network(random: Random, effects: Sequence[float]) -> list[StaffStratum]:
    """Specialists with mixes of their own; effects: what each adds to every rate."""
    rows = []
    for place, effect in enumerate(effects):
        new_share = random.uniform(0.1, 0.9)
        for (category, new), rate in RATES.items():
            clients = round(random.uniform(5, 120) * (new_share if new else 1 - new_share))
            returned = sum(random.random() < rate + effect for _ in range(clients))
            rows.append(stratum(f"staff-{place}", category, new, clients, returned))
    return rows


def test_equal_specialists_of_different_mixes_are_alike_19_times_of_20() -> None:
    random = Random(2005)
    found = [each for _ in range(60) for each in on_equal_terms(network(random, [0.0] * 8))]
    verdicts = [each.verdict for each in found if each.verdict != "too_few"]
    assert len(verdicts) > 400
    assert 0.93 <= verdicts.count("alike") / len(verdicts) <= 0.97


def test_the_true_rate_lies_in_the_interval_of_the_rate_19_times_of_20() -> None:
    """Four small strata with rates far apart, and weights that are not the specialist's own mix."""
    random, held = Random(41), 0
    rates = {("hair", True): 0.1, ("hair", False): 0.9, ("nails", True): 0.5, ("nails", False): 0.7}
    for _ in range(1000):
        own = [
            stratum("anna", category, new, 10, sum(random.random() < rate for _ in range(10)))
            for (category, new), rate in rates.items()
        ]
        colleagues = [stratum("vera", category, new, 30 + 60 * new, 30) for category, new in rates]
        (anna, _) = on_equal_terms([*own, *colleagues])
        weights = {key: 40 + 60 * key[1] for key in rates}
        true = sum(weights[key] * rates[key] for key in rates) / sum(weights.values())
        assert anna.interval is not None
        held += anna.interval[0] <= true <= anna.interval[1]
    assert 0.93 <= held / 1000 <= 0.985


def test_a_specialist_with_a_true_effect_is_found() -> None:
    """Five colleagues lose 0.15 / 5 on average by the one who is worse: the true difference is 0.18."""
    random = Random(7)
    effects = [0.0, 0.15, 0.0, 0.0, -0.15, 0.0]
    better, worse = [], []
    for _ in range(30):
        found = on_equal_terms(network(random, effects))
        better += [of("staff-1", found)]
        worse += [of("staff-4", found)]
    assert sum(each.verdict == "better" for each in better) >= 24
    assert sum(each.verdict == "worse" for each in worse) >= 24
    assert sum(each.difference or 0 for each in better) / 30 == pytest.approx(0.18, abs=0.03)


COUNTS = st.integers(0, 60).flatmap(lambda clients: st.tuples(st.just(clients), st.integers(0, clients)))
MIXES = st.dictionaries(
    st.tuples(st.sampled_from(["hair", "nails", None]), st.booleans()), COUNTS, max_size=4
)


def rows_of(staff: str, mix: dict[tuple[str | None, bool], tuple[int, int]]) -> list[StaffStratum]:
    return [stratum(staff, category, new, *counts) for (category, new), counts in mix.items()]


@tries(30)
@given(MIXES, MIXES)
def test_of_two_specialists_one_is_as_much_better_as_the_other_is_worse(
    first: dict[tuple[str | None, bool], tuple[int, int]],
    second: dict[tuple[str | None, bool], tuple[int, int]],
) -> None:
    found = on_equal_terms([*rows_of("anna", first), *rows_of("vera", second)])
    for each in found:
        assert each.effective_clients <= each.clients + 1e-9
        if each.rate is not None and each.interval is not None:
            assert 0 <= each.interval[0] <= each.rate <= each.interval[1] <= 1
    if len(found) == 2 and found[0].difference is not None:
        anna, vera = found
        assert anna.difference == pytest.approx(-(vera.difference or 0))
        assert (anna.verdict, vera.verdict) in {
            ("better", "worse"), ("worse", "better"), ("alike", "alike"), ("too_few", "too_few"),
        }  # fmt: skip


@tries(30)
@given(MIXES, MIXES, st.randoms(use_true_random=False))
def test_rows_may_come_in_any_order_and_in_parts(
    first: dict[tuple[str | None, bool], tuple[int, int]],
    second: dict[tuple[str | None, bool], tuple[int, int]],
    random: Random,
) -> None:
    rows = [*rows_of("anna", first), *rows_of("vera", second)]
    parts = []
    for row in rows:
        returned = random.randint(0, row.returned)
        clients = random.randint(returned, row.clients - (row.returned - returned))
        category, new = row.service_category, row.new
        parts += [
            stratum(row.staff, category, new, clients, returned),
            stratum(row.staff, category, new, row.clients - clients, row.returned - returned),
        ]
    random.shuffle(parts)
    for whole, split_row in zip(on_equal_terms(rows), on_equal_terms(parts), strict=True):
        assert (whole.verdict, whole.clients, whole.returned) == (
            split_row.verdict, split_row.clients, split_row.returned,
        )  # fmt: skip
        assert whole.rate == (split_row.rate if whole.rate is None else pytest.approx(split_row.rate))
