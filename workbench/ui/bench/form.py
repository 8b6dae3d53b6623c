"""The form of a pane: its fields, what they say, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from workbench.model.call.address import Address, AddressError
from workbench.model.call.settings import (
    INT_LIMIT,
    SettingsError,
    SocketSettings,
    parse_bufsize,
    parse_number,
    parse_timeout,
)
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
    """Rows of fields. Those one rarely needs are made when first asked for; till then they have their defaults.

    Its rows show as its classes say: while something runs (-work) the set-up (-set) is hidden, and what belongs to
    running endpoints (-live) is shown; with the form opened on its own (-form) the set-up alone.
    """

    DEFAULT_CSS = """
    Form { height: auto; scrollbar-size-vertical: 1; }
    Form Field.-short { width: 7; }
    Form.-broad Pair { layout: horizontal; height: 1; }
    Form.-broad Pair > * { width: 1fr; margin-right: 1; }
    Form.-broad LifeStrip { min-width: 42; }
    Form .-kind { min-width: 40; }
    Form .-live, Form .-alone, Form EndpointList { display: none; }
    Form.-some EndpointList, Form.-work .-live { display: block; }
    Form.-work .-set { display: none; }
    Form.-form > *, Form.-form EndpointList { display: none; }
    Form.-form .-set, Form.-form > .-alone, Form.-form > .-both { display: block; }
    Form.-form #more-about { display: none; }
    Form .-alone { text-style: bold; color: $text-accent; }
    """

    def __init__(self, settings: SocketSettings, *, id: str) -> None:
        super().__init__(id=id)
        self._texts = self.texts_of(settings)
        self._has_more = False

    @staticmethod
    def texts_of(settings: SocketSettings) -> dict[str, str]:
        """Return what the fields say for some settings, by their ids."""
        return {
            "address": address_text(settings),
            "protocol": str(settings.protocol),
            "timeout": seconds_text(settings.timeout),
            "rcvbuf": "" if settings.rcvbuf is None else str(settings.rcvbuf),
            "sndbuf": "" if settings.sndbuf is None else str(settings.sndbuf),
            "bufsize": str(settings.bufsize),
        }

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
            classes="-kind -set",
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
            self.mount(*[widget.add_class("-rare", "-set") for widget in self.rare_rows()], before="#endpoints")
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

    def contents(self) -> dict[str, str | bool]:
        """Return what every field, choice and switch says, by its id."""
        said: dict[str, str | bool] = dict(self._texts)
        for field in self.query(Field):
            said[str(field.id)] = field.value
        for choice in self.query(Choice):
            said[str(choice.id)] = choice.value
        for toggle in self.query(Toggle):
            said[str(toggle.id)] = toggle.on
        return said

    def fill_in(self, contents: Mapping[str, str | bool]) -> None:
        """Let them say that again; what is not in *contents* stays."""
        for id, value in contents.items():
            found = self.query(f"#{id}")
            if isinstance(value, bool):
                for toggle in found.results(Toggle):
                    if toggle.on != value:
                        toggle.action_press()
            else:
                self._texts[id] = value
                for widget in found.results():
                    if isinstance(widget, Field | Choice):
                        with widget.prevent(Input.Changed):
                            widget.value = value

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

    def seconds(self, id: str) -> float | None:
        """A timeout, or SettingsError; an empty field is none."""
        text = self.text(id)
        return parse_timeout(text, id) if text.strip() else None

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
        row = self.row_of(f"#{id}")
        if self.has_class("-work") and any(node.has_class("-set") for node in field.ancestors):
            self.add_class("-form")
        if focus:
            self.call_after_refresh(field.focus)
        line = self.query_one("#error", ErrorLine)
        self.move_child(line, after=row)
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


def seconds_text(seconds: float | None) -> str:
    """Write a timeout as a field has it: nothing for none, which its placeholder says."""
    return "" if seconds is None else f"{seconds:g}"


def address_text(settings: SocketSettings) -> str:
    """Write the address of some settings as one types it."""
    if settings.family == "AF_UNIX":
        return settings.path
    return f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}"
