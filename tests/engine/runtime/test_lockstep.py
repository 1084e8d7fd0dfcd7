"""Engines in several processes advance together; one that is gone, or has nothing to train, holds none up."""

from engine.runtime.lockstep import AHEAD, BYTES, Alone, SharedRounds


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def engines(number: int, clock: Clock | None = None) -> list[SharedRounds]:
    memory = memoryview(bytearray(BYTES * number))
    made = [SharedRounds(memory, place, clock or Clock()) for place in range(number)]
    for each in made:
        each.leave()
    return made


def advance(engine: SharedRounds, most: int = 1000) -> int:
    """How many rounds an engine may take now, up to a number."""
    taken = 0
    while taken < most and not engine.is_ahead():
        engine.advance()
        taken += 1
    return taken


def test_an_engine_alone_is_never_ahead() -> None:
    alone = Alone()
    alone.advance()
    assert not alone.is_ahead()
    (one,) = engines(1)
    assert advance(one) == 1000


def test_no_engine_gets_further_ahead_than_the_window() -> None:
    first, second = engines(2)
    assert not second.is_ahead()
    assert advance(first) == AHEAD
    assert advance(second, 3) == 3
    assert advance(first) == 3
    assert advance(second) == 2 * AHEAD


def test_an_engine_that_rests_holds_none_up_and_joins_the_others_where_they_are() -> None:
    first, second = engines(2)
    assert advance(first, 500) == 500
    assert not second.is_ahead()
    assert advance(second) == AHEAD, "it began at the round of the other"
    assert advance(first) == 2 * AHEAD
    second.rest()
    assert advance(first) == 1000


def test_engines_that_are_started_together_begin_together() -> None:
    first, second = engines(2)
    first.expect()
    second.expect()
    assert advance(first) == AHEAD, "the other loads PyTorch"
    second.rest()  # as its loop does before the command has arrived
    assert advance(first) == 0
    assert advance(second) == 2 * AHEAD, "it began at round 0"


def test_an_engine_that_is_started_later_is_not_waited_for() -> None:
    first, second = engines(2)
    advance(first, 5)
    second.expect()
    assert advance(first) == 1000


def test_an_engine_that_could_not_begin_or_has_died_holds_none_up() -> None:
    first, second = engines(2)
    second.expect()
    assert advance(first) == AHEAD
    second.leave()
    assert advance(first, 50) == 50
    second.is_ahead()  # it trains
    assert advance(first) == AHEAD
    second.leave()
    assert advance(first) == 1000


def test_an_engine_that_hangs_is_left_behind_until_it_moves() -> None:
    clock = Clock()
    first, second = engines(2, clock)
    second.is_ahead()
    assert advance(first) == AHEAD
    clock.now = 29
    assert first.is_ahead()
    clock.now = 31
    assert advance(first, 100) == 100
    second.advance()
    assert first.is_ahead()
