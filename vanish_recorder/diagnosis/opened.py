"""When findings begin, end and are renewed: margins in time, so that a verdict does not flicker."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from vanish_recorder.diagnosis.finding import COUNTED, Finding
from vanish_recorder.diagnosis.margins import (
    EXPLOSION_PATIENCE,
    PATIENCE,
    RATIO_MOVED,
    RENEWAL_PATIENCE,
    SHARE_MOVED,
    SLOWER,
)

# They change only with the results of an epoch, and so do their margins.
_OF_EPOCHS = frozenset({"stuck", "learning"})
# Two ways to say the same: nearly nothing is left, and nothing is left.
_SAME = frozenset({"plain", "alone", "equal", "nothing"})
_LIMIT = 1e9  # of a ratio
_GOOD_NEWS = frozenset({"healthy", "learning"})  # they end as soon as they are no longer true


class Opened:
    """The open findings of a stage.

    The first time in a stage a finding begins at once. It ends once it was absent for some steps. After that
    it begins again only if it was there for some steps, and each time it takes longer.
    """

    def __init__(self) -> None:
        self.findings: dict[str, Finding] = {}
        self._begun: Counter[str] = Counter()
        self._since: dict[str, int] = {}  # the first step of what may soon begin, end or be renewed

    def change(
        self, kinds: Collection[str], found: Mapping[str, Finding], step: int, epoch_steps: int
    ) -> tuple[list[str], list[Finding]]:
        """Compare the open findings with what was found now.

        Args:
            kinds: which kinds were looked for.
            found: the findings among them, by kind.
            step: of the run.
            epoch_steps: in the latest epoch.

        Returns:
            (the kinds that end, the findings that begin, each with its first step). A renewed finding ends
            and begins.
        """
        ends, begins = [], []
        for kind in kinds:
            opened, now = self.findings.get(kind), found.get(kind)
            if not (_is_stale(opened, now) if opened and now else opened or now):
                self._since.pop(kind, None)
                continue
            began = self._since.setdefault(kind, step)
            renews = opened is not None and now is not None
            if step - began < self._patience(kind, epoch_steps, renews=renews):
                continue
            del self._since[kind]
            if opened is not None:
                ends.append(kind)
                del self.findings[kind]
            if now is not None:
                same = opened is not None and (opened.variant, opened.layer) == (now.variant, now.layer)
                begins.append(self.open(now, (opened.since if opened and same else None) or began))
        return ends, begins

    def variant(self, kind: str) -> str:
        """Which sentence the open finding of a kind has; "" if none is open."""
        opened = self.findings.get(kind)
        return opened.variant if opened else ""

    def open(self, finding: Finding, step: int) -> Finding:
        """Let a finding begin at once; `step` is its first one, if it doesn't say so itself."""
        opened = finding if finding.since is not None else replace(finding, since=step)
        self.findings[finding.kind] = opened
        self._begun[finding.kind] += 1
        return opened

    def end(self, kinds: Collection[str]) -> None:
        """Let findings end at once."""
        for kind in kinds:
            del self.findings[kind]
            self._since.pop(kind, None)

    def _patience(self, kind: str, epoch_steps: int, *, renews: bool) -> int:
        """For how many steps a change must last before it counts."""
        begun, ends = self._begun[kind], kind in self.findings
        if not begun or (ends and kind in _GOOD_NEWS):
            return 0
        if kind in _OF_EPOCHS:
            return epoch_steps * SLOWER ** (begun - 1) if not ends or begun > 1 else 0
        gradient = kind == "exploding" and self.variant(kind) == "plain"
        least = EXPLOSION_PATIENCE if gradient else PATIENCE
        patience = int(least * SLOWER ** (begun - 1 if ends else begun))
        return min(patience, RENEWAL_PATIENCE) if renews else patience


def _is_stale(opened: Finding, now: Finding) -> bool:
    """Whether an open finding no longer says what is found now: another sentence, layer or number."""
    if opened.kind == "learning":
        return False  # it says what was
    if opened.variant != now.variant and not {opened.variant, now.variant} <= _SAME:
        return True
    if opened.layer and now.layer and opened.layer not in (now.layer, *now.layers):
        return True
    if opened.share is not None and now.share is not None:
        counted = f"{COUNTED.get(opened.kind)}_{opened.layer}"
        of_named = now.evidence.get(counted)  # the named layer may have recovered in part
        shares = (now.share, now.share if of_named is None else of_named)
        return any(abs(opened.share - share) >= SHARE_MOVED for share in shares)
    if opened.ratio is not None and now.ratio is not None:
        return _far_apart(opened.ratio, now.ratio)
    return False


def _far_apart(named: float, now: float) -> bool:
    """Whether two ratios are far apart. Beyond `_LIMIT` one is as good as another."""
    named, now = (min(max(ratio, 1 / _LIMIT), _LIMIT) for ratio in (named, now))
    least = max(math.log(10), RATIO_MOVED * abs(math.log(named)))
    return abs(math.log(now) - math.log(named)) >= least
