"""The command line: parses, then calls one function below. Nothing heavy is imported before it is known to be needed.

May import everything. To add a command: a file here with a click command named `command`, its line in COMMANDS, and
its section in the README.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module

import click

from workbench import __version__
from workbench.cli.failure import Failure
from workbench.model.text.safe import safe

COMMANDS = {
    "bench": "workbench.cli.bench",
    "serve": "workbench.cli.serve",
    "send": "workbench.cli.send",
    "tap": "workbench.cli.tap",
    "trace": "workbench.cli.trace",
    "check": "workbench.cli.check",
    "shake": "workbench.cli.shake",
    "run": "workbench.cli.run",
    "show": "workbench.cli.show",
    "export": "workbench.cli.export",
    "replay": "workbench.cli.replay",
    "compare": "workbench.cli.compare",
}
HIDDEN = "bench"
INTERRUPTED = 130
"""Exit code as a shell has it for SIGINT."""
EPILOG = """\b
Examples:
  socket-workbench                                  open the bench
  socket-workbench recorded.swb                     open a recording
  socket-workbench serve tcp://127.0.0.1:6789 --respond echo
  socket-workbench send tcp://127.0.0.1:6789 --text hello --recv 4
  socket-workbench trace server.py
  socket-workbench check recorded.swb
  socket-workbench shake --with server.py --with client.py
  socket-workbench run --list
  socket-workbench show recorded.swb --error
"""


class Commands(click.Group):
    """Loads a command when it is asked for; what is no command is a session for the bench."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the commands that --help lists."""
        return [name for name in COMMANDS if name != HIDDEN]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import the command's module and return its `command`."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name]).command
        return command

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Take the bench for the command where none is named."""
        if not args or args[0] not in (*COMMANDS, "--help", "-h", "--version"):
            args = [HIDDEN, *args]
        return super().parse_args(context, args)


@click.command(
    cls=Commands,
    epilog=EPILOG,
    options_metavar="",
    subcommand_metavar="[SESSION] | COMMAND …",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="socket-workbench", message="%(prog)s %(version)s")
def group() -> None:
    """A bench for real sockets: a server and clients that you drive call by call, and every byte in a log.

    Without a command it opens the bench; with SESSION, that recording.
    """


def main() -> None:
    """Run the command line; ctrl+c ends it at any moment, also while it is ending."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # as of what a shell runs in the background
    try:
        if not ignored:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        _run()
    except KeyboardInterrupt:
        _drop_output()
        sys.exit(INTERRUPTED)
    finally:
        if not ignored:  # what Python does when it exits would print a traceback
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _run() -> None:
    """Run it; the only place that turns what went wrong into a line and an exit code."""
    _open_what_is_closed()
    try:
        code = group.main(standalone_mode=False, prog_name="socket-workbench")
        sys.stdout.flush()
        sys.exit(code or 0)
    except click.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as problem:
        _complain(problem.format_message(), 2)
    except Failure as failure:
        _complain(str(failure), failure.code)
    except BrokenPipeError:  # whoever read has had enough; click deals with one that comes earlier likewise
        _drop_output()
        sys.exit(1)
    except OSError as error:  # of a call it would be a row: this is the system out of something, such as disk
        _drop_output()
        _complain(f"{error.filename or 'output'}: {error.strerror or error}", 1)


def _open_what_is_closed() -> None:
    """Let standard streams that are closed lead nowhere: their numbers would else go to the next files opened."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free is this one
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115


def _complain(message: str, code: int) -> None:
    print(f"socket-workbench: {safe(' '.join(message.split()))}", file=sys.stderr)
    sys.exit(code)


def _drop_output() -> None:
    """Let what stdout still holds go nowhere: the interpreter would write it, and complain, when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
