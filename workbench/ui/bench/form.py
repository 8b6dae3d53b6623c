"""The form of a pane: its fields, what they say, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable

from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from workbench.model.call.address import Address, AddressError
from workbench.model.call.settings import INT_LIMIT, SettingsError, SocketSettings, parse_bufsize, parse_number
from workbench.ui.bench import address_field
from workbench.ui.bench.wishes import Wish
from workbench.ui.parts.controls import Caption, Choice, ErrorLine, Field, Press, Row, Toggle

FAMILY_HELP = {"AF_INET": "IPv4", "AF_INET6": "IPv6", "AF_UNIX": "a path, or @name"}
TYPE_HELP = {
    "SOCK_STREAM": "bytes in order (TCP)",
    "SOCK_DGRAM": "single messages (UDP)",
    "SOCK_SEQPACKET": "messages in order",
    "SOCK_RAW": "below TCP, UDP; privileged",
    "SOCK_RDM": "messages, rarely there",
}
_FIELD_OF = {"host": "address", "port": "address", "path": "address"}


class Status(Static):
    """One row of text that changes without laying out the pane again."""

    DEFAULT_CSS = "Status { width: 1fr; height: 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, text: str, *, id: str) -> None:
        super().__init__(text, markup=False, id=id)
        self.said = text

    def say(self, text: str) -> None:
        """Show the text (safe already); costs nothing if it is the same."""
        if text != self.said:
            self.said = text
            self.update(text, layout=False)


class Form(VerticalScroll, can_focus=False):
    """Rows of fields. Those one rarely needs are made when first asked for; till then they have their defaults."""

    DEFAULT_CSS = """
    Form { height: auto; }
    Form Field.-short { width: 8; }
    Form.-broad Pair { layout: horizontal; height: 1; }
    Form.-broad Pair > * { width: 1fr; margin-right: 1; }
    Form.-broad LifeStrip { min-width: 42; }
    Form .-kind { min-width: 40; }
    """

    def __init__(self, settings: SocketSettings, *, id: str) -> None:
        super().__init__(id=id)
        self._texts = {
            "address": _address_text(settings),
            "protocol": str(settings.protocol),
            "timeout": "none" if settings.timeout is None else f"{settings.timeout:g}",
            "rcvbuf": "" if settings.rcvbuf is None else str(settings.rcvbuf),
            "sndbuf": "" if settings.sndbuf is None else str(settings.sndbuf),
            "bufsize": str(settings.bufsize),
        }
        self._has_more = False

    # --- its rows ---------------------------------------------------------------------------------------------------

    def field(self, id: str, tooltip: str, placeholder: str = "", classes: str = "") -> Field:
        """A field filled with its default."""
        return Field(self._texts.get(id, ""), id=id, tooltip=tooltip, placeholder=placeholder, classes=classes)

    def kind_row(self, settings: SocketSettings, *others: Widget) -> Row:
        """Family and type."""
        family = "Address family: what an address looks like. It follows the address as you type it."
        return Row(
            Choice(FAMILY_HELP, settings.family, id="family", tooltip=family),
            Choice(TYPE_HELP, settings.type, id="type", tooltip="Socket type: a stream of bytes, or messages"),
            *others,
            classes="-kind",
        )

    def buffers_row(self) -> Row:
        """SO_RCVBUF and SO_SNDBUF."""
        help = "in bytes; the kernel makes twice as much of it. Empty: as the system has it."
        return Row(
            Caption("SO_RCVBUF"),
            self.field("rcvbuf", f"Size of the receive buffer {help}", "default"),
            Caption("SO_SNDBUF"),
            self.field("sndbuf", f"Size of the send buffer {help}", "default"),
        )

    def more_press(self) -> Press:
        """The button that shows the fields one rarely needs."""
        return Press("more…", "less", id="more", tooltip="Timeout, protocol, socket options: what one rarely needs")

    def rare_rows(self) -> list[Widget]:
        """Make the rows behind that button."""
        raise NotImplementedError

    def more(self, show: bool | None = None) -> None:
        """Show or hide them."""
        press = self.query_one("#more", Press)
        show = press.label == "more…" if show is None else show
        press.label = "less" if show else "more…"
        if show and not self._has_more:
            self._has_more = True
            self.mount(*[widget.add_class("-rare") for widget in self.rare_rows()], before="#endpoints")
        for widget in self.query(".-rare"):
            widget.display = show

    def row_of(self, selector: str) -> Widget:
        """Return the child of the form that a widget stands in."""
        widget = self.query(selector).first()
        return next(node for node in widget.ancestors_with_self if isinstance(node, Widget) and node.parent is self)

    # --- what they say ----------------------------------------------------------------------------------------------

    def text(self, id: str) -> str:
        """What stands in a field, or would stand there if it had been shown."""
        found = self.query(f"#{id}")
        return found.first(Field).value if found else self._texts[id]

    def fill(self, id: str, text: str) -> None:
        """Let a field say *text*, also one that has not been shown yet."""
        self._texts[id] = text
        for field in self.query(f"#{id}").results(Field):
            field.value = text

    def is_on(self, id: str, default: bool) -> bool:
        """Whether a switch is on, or would be if it had been shown."""
        found = self.query(f"#{id}")
        return found.first(Toggle).on if found else default

    def value(self, id: str) -> str:
        """What a choice stands at."""
        return self.query_one(f"#{id}", Choice).value

    def address(self, id: str = "address") -> Address:
        """Read an address field, or raise SettingsError."""
        try:
            return address_field.read(self.text(id), self.value("family"), self.value("type"))
        except AddressError as error:
            raise SettingsError(id, str(error)) from None

    def kind(self, address: Address) -> dict[str, str]:
        """Family and type as chosen; but a path is AF_UNIX, and nothing else is."""
        family = self.value("family")
        if address.is_unix != (family == "AF_UNIX"):
            family = address.kind[0] or "AF_INET"
        return {"family": family, "type": self.value("type")}

    @property
    def bufsize(self) -> int:
        """n of the recv row, or SettingsError."""
        return parse_bufsize(self.text("bufsize"), "bufsize")

    @property
    def protocol(self) -> int:
        """The protocol number, or SettingsError."""
        return parse_number("protocol", self.text("protocol"), 0, INT_LIMIT)

    # --- what is wrong ----------------------------------------------------------------------------------------------

    def attempt(self, work: Callable[[], Wish]) -> bool:
        """Post the wish that *work* reads from the form, or say beside the field what is wrong with it."""
        try:
            wish = work()
        except SettingsError as error:
            self.show_error(_FIELD_OF.get(error.field, error.field), str(error))
            return False
        self.clear_error()
        self.post_message(wish)
        return True

    def clear_error(self) -> None:
        """Nothing is wrong any more."""
        for field in self.query("Field.-wrong"):
            field.remove_class("-wrong")
        self.query_one("#error", ErrorLine).say("")

    def show_error(self, id: str, sentence: str, focus: bool = True) -> None:
        """Say what is wrong below the row of the field (or button) *id*."""
        self.clear_error()
        if not self.query(f"#{id}"):
            self.more(True)
            self.call_after_refresh(self.show_error, id, sentence, focus)
            return
        field = self.query_one(f"#{id}")
        if isinstance(field, Field):
            field.add_class("-wrong")
        if focus:
            field.focus()
        line = self.query_one("#error", ErrorLine)
        self.move_child(line, after=self.row_of(f"#{id}"))
        line.say(sentence)

    # --- what follows from what -------------------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.has_class("-wrong"):
            self.clear_error()
        if event.input.id == "address":
            self.derive(*address_field.guess(event.value))

    def derive(self, family: str | None, type: str | None) -> None:
        """Let family and type follow the address."""
        if family:
            self.query_one("#family", Choice).value = family
        if type:
            self.query_one("#type", Choice).value = type

    def kind_chosen(self) -> None:
        """Family or type was chosen by hand: the address must not say another one."""
        field = self.query_one("#address", Field)
        family, type = self.value("family"), self.value("type")
        if not address_field.fits(field.value, family):
            field.value = address_field.DEFAULTS[family]
        elif address_field.guess(field.value)[1] not in (None, type):
            field.value = address_field.without_scheme(field.value)


def _address_text(settings: SocketSettings) -> str:
    if settings.family == "AF_UNIX":
        return settings.path
    return f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}"
