"""Small plots: the queues of the chosen endpoint over time, and how a stream was cut into recvs."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.model.text.safe import cells
from workbench.ui.kernel.history import Bucket, SampleHistory, Sizes, peaks
from workbench.ui.parts.piece_view import Line, PieceView, amount, wide

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_NAMES = ("recv queue", "send queue", "recv sizes")


class HistoryPlot(PieceView):
    """Receive queue, send queue and recv sizes over the last seconds; each in a third of the rows, or one row."""

    DEFAULT_CSS = "HistoryPlot { height: 6; }"

    def show(self, history: SampleHistory) -> None:
        """Draw what *history* holds now; costs nothing as long as nothing is queued and nothing moves."""
        samples = tuple(history.samples)
        if samples and not any(sample.queued or sample.unacknowledged or sample.received for sample in samples):
            samples = (samples[-1]._replace(time=0.0),)
        self.keep(samples)

    def lines(self, width: int, height: int) -> list[Line]:
        samples = self._value
        if not isinstance(samples, tuple) or not samples:
            return [[("no samples yet", "muted")]]
        series = (
            [sample.queued for sample in samples],
            [sample.unacknowledged for sample in samples],
            [sample.received for sample in samples],
        )
        rows = max(1, height // len(series))
        lines: list[Line] = []
        for name, values in zip(_NAMES, series, strict=True):
            lines += plot(name, values, width, rows)
        if len(lines) < height and (seconds := samples[-1].time - samples[0].time) >= 1:
            lines.append([(f"{'':<11}the last {seconds:.0f} s, now at the right", "muted")])
        return lines[:height]


def plot(name: str, values: Sequence[int | None], width: int, rows: int) -> list[Line]:
    """Return *rows* rows of *width* cells: a name, the columns, the newest at the right, and the largest value."""
    known = [value for value in values if value is not None]
    top = max(known, default=0)
    label = f"{name:<11}"
    most = f" {amount(top) if known else 'not available':<8}"
    columns = peaks(values, max(1, width - cells(label) - cells(most)))
    room = width - cells(label) - cells(most)
    drawn = [" " * (room - len(columns)) + row for row in blocks(columns, top, rows)]
    return [
        [(label if row == 0 else " " * len(label), "muted"), (text, "plot"), (most if row == 0 else "", "muted")]
        for row, text in enumerate(drawn)
    ]


def blocks(values: Sequence[int | None], top: int, rows: int) -> list[str]:
    """Draw columns as blocks of eighths of a row, the highest row first; what is not 0 is at least an eighth high."""
    steps = rows * 8
    heights = [0 if not value or top <= 0 else max(1, min(steps, round(value / top * steps))) for value in values]
    return ["".join(_EIGHTHS[min(8, max(0, height - row * 8))] for height in heights) for row in reversed(range(rows))]


class SizesHistogram(PieceView):
    """How often recv returned how many bytes: a row for each power of two."""

    DEFAULT_CSS = "SizesHistogram { height: 6; }"

    def show(self, sizes: Sizes, *, messages: bool = False) -> None:
        """Draw what *sizes* has counted; *messages*: of a socket that keeps them, and so cuts nothing."""
        self.keep((sizes.buckets(), sizes.recvs, sizes.bytes, messages))

    def lines(self, width: int, height: int) -> list[Line]:
        buckets, recvs, total, messages = self._value if isinstance(self._value, tuple) else ((), 0, 0, False)
        if not recvs:
            return [[("no stream: each recv takes one message" if messages else "no recv yet", "muted")]]
        said = f"{amount(total)} in {recvs} recv{'s' if recvs != 1 else ''}, {amount(round(total / recvs))} on average"
        return [[(said, "")], *histogram(buckets, width, height - 1)]


def histogram(buckets: Sequence[Bucket], width: int, rows: int) -> list[Line]:
    """Return a row for each bucket, the fullest *rows* of them, smallest sizes first."""
    if len(buckets) > rows:
        fullest = sorted(buckets, key=lambda bucket: -bucket.recvs)[: max(0, rows)]
        buckets = [bucket for bucket in buckets if bucket in fullest]
    most = max((bucket.recvs for bucket in buckets), default=0)
    names = [_name(bucket) for bucket in buckets]
    edge = max(map(cells, names), default=0)
    lines: list[Line] = []
    for name, bucket in zip(names, buckets, strict=True):
        room = max(1, width - edge - cells(str(most)) - 3)
        line: Line = [(f"{name:>{edge}} ", "muted"), (_bar(bucket.recvs / most * room if most else 0), "plot")]
        lines.append([*line, (f"{'' if wide(line) <= edge + 1 else ' '}{bucket.recvs}", "")])
    return lines


def _name(bucket: Bucket) -> str:
    return str(bucket.low) if bucket.low == bucket.high else f"{bucket.low}-{bucket.high}"


def _bar(length: float) -> str:
    """Draw a bar of *length* cells in eighths of a cell."""
    eighths = max(1, round(length * 8)) if length > 0 else 0
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()
