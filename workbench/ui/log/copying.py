"""What is copied of the log: bytes in some forms, and calls as a block for a bug report."""

from __future__ import annotations

from workbench.ui.log import clipboard
from workbench.ui.log.canvas import LogCanvas


class Copying(LogCanvas):
    """A log that copies the calls that are meant."""

    def targets(self) -> list[int]:
        """Return the calls that an action means: those with text selected, those marked, or the selected one."""
        raise NotImplementedError

    def action_copy_hex(self) -> None:
        self._copy(clipboard.hex_of(map(self.journal.__getitem__, self.targets())), "hex")

    def action_copy_text(self) -> None:
        encoding = "utf-8" if self.encoding == "ascii" else self.encoding
        self._copy(clipboard.text_of(map(self.journal.__getitem__, self.targets()), encoding), "text")

    def action_copy_python(self) -> None:
        self._copy(clipboard.python_of(map(self.journal.__getitem__, self.targets())), "Python")

    def action_copy_markdown(self) -> None:
        self._copy(clipboard.markdown_of(self.journal, self.targets(), self._look), "Markdown")

    def _copy(self, text: str, form: str) -> None:
        count = len(self.targets())
        if not text or not count:
            return self.notify("Nothing to copy: no bytes moved here.", severity="warning", timeout=3)
        self.app.copy_to_clipboard(text)
        return self.notify(f"Copied {'1 call' if count == 1 else f'{count} calls'} as {form}.", timeout=3)
