"""The card in the empty log: three steps to the first bytes. It goes when the first call is made."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

_STEPS = (
    ("F5", "starts the server, connects a client", "and sends what is in the composer"),
    ("^r", "receives the answer: recv(1024)", "the log shows every call and every byte"),
    ("n", "make it smaller and send twice:", "what does one recv take, what stays?"),
)


class FirstSteps(Widget, can_focus=True):
    """Centred where the log will be."""

    DEFAULT_CSS = """
    FirstSteps {
        display: none; width: 58; max-width: 100%; height: auto; max-height: 100%;
        border: round $primary 60%; padding: 0 2;
    }
    FirstSteps:focus { border: round $accent; }
    """

    def on_mount(self) -> None:
        self.border_title = "first steps"

    def render(self) -> Content:
        height = self.app.size.height
        roomy, flat = height >= 34, height < 22
        lines: list[Content] = []
        for number, (key, does, more) in enumerate(_STEPS, 1):
            lines.append(Content.assemble((f"{number}  ", "$text-muted"), (f"{key:<4}", "bold $text-accent"), does))
            if not flat:
                lines.append(Content.styled(f"       {more}", "$text-muted"))
            lines += [Content("")] * roomy
        lines.append(Content.styled("The other side may be any program. F1 explains all.", "$text-muted"))
        return Content("\n").join(lines)
