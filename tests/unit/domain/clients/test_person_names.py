"""Whether two names may be one person's."""

import pytest

from chalicelib.domain.clients.person_names import is_clearly_another, is_other_name

TWO_PEOPLE = [
    ("Tim Hill", "Mary Hill"),
    ("Мать Мария", "Дочь Катя"),
    ("Ion Popescu", "Maria Popescu"),
    ("Мария Попеску", "Ион Попеску"),
    ("John Smith", "Jane Smith"),
    ("Boris", "Elena"),
    ("Борис", "Elena Rusu"),
]
MAYBE_ONE = [
    ("Мария", "Maria Popescu"),
    ("Masha", "Maria Popescu"),
    ("X", "Maria Popescu"),
    ("M. Popescu", "Maria Popescu"),
    ("Mary Hill", "Mary Hill-Ross"),
    ("Mary Hill", "Mary Ross"),
    ("Иванова Мария", "Мария Иванова"),
    ("Лена", "Elena Rusu"),
    ("Катя", "Екатерина"),
    ("Саша", "Aleksandr"),
    ("Ştefan", "STEFAN"),
    ("Юлия", "Yulia"),
    ("Gheorghe", "Георгий"),
    ("Xenia", "Ксения"),
    ("", "Maria"),
    (None, "Maria"),
    ("+373 69 123 456", "Maria"),
    ("maria@example.com", "Elena"),
]


@pytest.mark.parametrize(("one", "other"), TWO_PEOPLE)
def test_names_of_two_people(one: str, other: str) -> None:
    assert is_clearly_another(one, other)
    assert is_clearly_another(other, one)


@pytest.mark.parametrize(("one", "other"), MAYBE_ONE)
def test_names_that_may_be_one_persons(one: str | None, other: str) -> None:
    assert not is_clearly_another(one, other)
    assert not is_clearly_another(other, one)


@pytest.mark.parametrize(
    ("name", "known"), [("Mary Ross", "Mary Hill"), ("Tim Hill", "Mary Hill"), ("Tim", "Mary")]
)
def test_a_name_that_says_something_else_is_kept(name: str, known: str) -> None:
    assert is_other_name(name, known)


@pytest.mark.parametrize(("name", "known"), [("Masha", "Maria Popescu"), ("Мария", "Maria"), ("", "Maria")])
def test_another_way_to_write_a_name_says_nothing_else(name: str, known: str) -> None:
    assert not is_other_name(name, known)
