from itertools import islice

import pytest

from tests.fuzz.budget import cases


def test_a_case_repeats_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUZZ_SECONDS", "3600")
    drawn = [case.random.random() for case in islice(cases("numbers"), 5)]
    assert len(set(drawn)) == 5
    monkeypatch.setenv("FUZZ_CASE", "3")
    assert [case.random.random() for case in cases("numbers")] == [drawn[3]]


def test_another_seed_draws_other_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    first = next(cases("numbers")).random.random()
    monkeypatch.setenv("FUZZ_SEED", "2")
    assert next(cases("numbers")).random.random() != first


def test_a_spent_budget_ends_the_exam_after_the_least_number_of_cases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FUZZ_SECONDS", "0")
    assert len(list(cases("numbers"))) == 1
    assert len(list(cases("numbers", at_least=7))) == 7
