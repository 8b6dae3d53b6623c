"""What every dialog is: a screen over another one, which gives its result once."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType

from workbench.ui.parts.survivor import Survivor


class Dialog(Survivor, ModalScreen[ScreenResultType]):
    """A modal screen that can be closed but once: the second of two fast clicks would close the screen below."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        if self.is_current:
            return super().dismiss(result)
        return AwaitComplete.nothing()  # type: ignore[no-untyped-call,no-any-return]
