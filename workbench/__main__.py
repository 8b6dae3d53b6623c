"""python -m workbench, and the command: until the command line is there, ctrl+c ends the process without a word."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from workbench.cli import main

if __name__ == "__main__":
    main()
