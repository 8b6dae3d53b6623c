"""From the injections of a run that fails to the fewest that still make it fail, each as small as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from workbench.engine.shaking.injected import Injected
from workbench.engine.shaking.run import Outcome

_MOST = 60
"""Runs that shrinking may take."""
_SITES = 8
_LISTED = 400
"""Injections that are told one by one in a process's environment, at most."""

Try = Callable[[Sequence[str]], "Outcome | None"]
"""Runs the programs under rules; gives the outcome if it fails as before, else None."""


class Shrinker:
    """Shrinks one failure; asks *try_* at most so many times."""

    def __init__(self, try_: Try) -> None:
        self._try, self._left = try_, _MOST

    def shrink(self, rules: tuple[str, ...], outcome: Outcome) -> tuple[tuple[str, ...], Outcome]:
        """Return the fewest, smallest rules that fail, and their run. *outcome*: of the run under *rules*."""
        for candidate in _single_sites(outcome.injected):
            if (found := self._fails([candidate])) is not None:
                return self._smallest(*self._first(candidate, found))
        each = [one.rule() for one in outcome.injected]
        if 0 < len(each) <= _LISTED and (found := self._fails(each)) is not None:
            kept, found = self._fewest(each, found)
            return self._smallest(kept, found) if len(kept) == 1 else (tuple(kept), found)
        return rules, outcome

    def _fails(self, rules: Sequence[str]) -> Outcome | None:
        if self._left <= 0:
            return None
        self._left -= 1
        return self._try(rules)

    def _first(self, rule: str, outcome: Outcome) -> tuple[list[str], Outcome]:
        """Say *rule*, which is about one line, as the calls that it was about; one of them will do, mostly."""
        each = [one.rule() for one in outcome.injected]
        if len(each) == 1:
            found = self._fails(each)
            return (each, found) if found is not None else ([rule], outcome)
        for one in [*each[:3], *each[-1:]]:
            if (found := self._fails([one])) is not None:
                return [one], found
        if 1 < len(each) <= _LISTED and (found := self._fails(each)) is not None:
            return self._fewest(each, found)
        return [rule], outcome

    def _fewest(self, rules: list[str], outcome: Outcome) -> tuple[list[str], Outcome]:
        """Zeller's ddmin: leave out halves, then quarters … as long as it fails without them."""
        parts = 2
        while len(rules) > 1 and self._left > 0:
            size = -(-len(rules) // parts)
            chunks = [rules[start : start + size] for start in range(0, len(rules), size)]
            rests = [[rule for other in chunks if other is not chunk for rule in other] for chunk in chunks]
            candidates = chunks + rests if parts == 2 else [*chunks, *rests]
            for candidate in candidates:
                if candidate and len(candidate) < len(rules) and (found := self._fails(candidate)) is not None:
                    rules, outcome, parts = candidate, found, max(2, parts - 1)
                    break
            else:
                if size == 1:
                    break
                parts = min(len(rules), parts * 2)
        return rules, outcome

    def _smallest(self, rules: Sequence[str], outcome: Outcome) -> tuple[tuple[str, ...], Outcome]:
        """Let the one call that is left do as much as it may and still fail: the least change."""
        mine = [one for one in outcome.injected if one.rule() in rules]
        if len(rules) != 1 or len(mine) != 1 or mine[0].action not in ("max", "delay"):
            return tuple(rules), outcome
        one, best = mine[0], (tuple(rules), outcome)
        if one.action == "delay":
            for share in (4, 2):
                if (found := self._fails([rule := one.rule(float(one.value) / share)])) is not None:
                    return (rule,), found
            return best
        low, high = int(one.value), one.whole
        while high - low > 1:
            middle = high - 1 if best[0] == tuple(rules) and low == int(one.value) else (low + high) // 2
            if middle <= low:
                break
            rule = one.rule(middle)
            if (found := self._fails([rule])) is not None:
                low, best = middle, ((rule,), found)
            else:
                high = middle
            if self._left <= 0:
                break
        return best


def _single_sites(injected: Sequence[Injected]) -> Iterator[str]:
    """Yield rules about one line each, the last lines before the failure first: its first call, then all."""
    sites: dict[tuple[str, str, str, str], Injected] = {}
    for one in reversed(injected):
        sites.setdefault(one.site, one)
    chosen = [one for one in list(sites.values())[:_SITES] if one.call.source]
    for when in ("1", "1+"):
        for one in chosen:
            yield one.rule_of_site(when)
