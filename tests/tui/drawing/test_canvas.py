from random import Random

from tui_vanish.drawing.canvas import Canvas


def test_text_outside_the_canvas_is_not_drawn() -> None:
    canvas = Canvas(4, 2)
    canvas.put(-2, 0, "abcdefgh", "text")
    canvas.put(0, 2, "below", "text")
    canvas.put(0, -1, "above", "text")
    assert canvas.text() == "cdef\n"


def test_wide_characters_take_two_cells_and_are_never_halved() -> None:
    canvas = Canvas(5, 1)
    canvas.put(0, 0, "a層b層", "text")
    assert canvas.line(0) == "a層b "


def test_blanks_join_the_run_before_them() -> None:
    canvas = Canvas(10, 1)
    canvas.put(1, 0, "ab", "bar")
    canvas.put(5, 0, "c", "bar")
    canvas.put(7, 0, "d", "text")
    assert list(canvas.runs(0)) == [(" ", "text"), ("ab  c ", "bar"), ("d  ", "text")]


def test_changes_turn_one_canvas_into_the_other() -> None:
    random = Random(5)
    for _ in range(300):
        before, after = Canvas(40, 3), Canvas(40, 3)
        for canvas in (before, after):
            for _ in range(random.randrange(6)):
                canvas.put(
                    random.randrange(40), random.randrange(3), random.choice(["x", "yy"]), random.choice("ab")
                )
        rows = [list(before.line(y)) for y in range(3)]
        for x, y, width in after.changes(before):
            assert width > 0
            rows[y][x : x + width] = after.line(y)[x : x + width]
        assert ["".join(row) for row in rows] == [after.line(y) for y in range(3)]
    assert after.changes(after) == []


def test_a_change_of_role_alone_is_a_change() -> None:
    before, after = Canvas(10, 1), Canvas(10, 1)
    before.put(3, 0, "a", "text")
    after.put(3, 0, "a", "accused")
    assert after.changes(before) == [(3, 0, 1)]


def test_control_characters_become_question_marks() -> None:
    canvas = Canvas(12, 1)
    canvas.put(0, 0, "a\x1b[2Jb\n\udcffc", "text")
    assert canvas.line(0).rstrip() == "a?[2Jb??c"
