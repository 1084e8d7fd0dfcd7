"""Values that no run reports are refused, because what reads a log would fail on them."""

import pytest

from tests.recorder.protocol.test_events import SAMPLE
from vanish_recorder.protocol.codec import from_line, from_record, to_line, to_record


@pytest.mark.parametrize("quantity", ["grad_norm", "delta_norm", "weight_norm", "saturated", "sample_std"])
def test_a_norm_or_a_share_below_zero_is_refused(quantity: str) -> None:
    layer = {"name": "layer1", "frozen": False, quantity: -0.5}
    with pytest.raises(ValueError, match=rf"^{quantity} cannot be -0.5$"):
        from_record(to_record(SAMPLE) | {"layers": [layer]})
    for allowed in (0.0, "inf", "nan"):
        assert from_record(to_record(SAMPLE) | {"layers": [layer | {quantity: allowed}]}) is not None


def test_half_a_surrogate_pair_is_refused() -> None:
    line = to_line(SAMPLE)
    for text in ("\\ud800", "x\\uDC80"):
        with pytest.raises(ValueError, match=r"^a text is not Unicode$"):
            from_line(line.replace("layer1", text))
    with pytest.raises(ValueError, match=r"^a text is not Unicode$"):
        from_line(line.encode().replace(b"layer1", "\ud800".encode(errors="surrogatepass")))
    for whole in ("\\ud83d\\ude00", "한국"):
        assert from_line(line.replace("layer1", whole)) is not None
