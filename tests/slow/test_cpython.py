"""CPython's own tests of everything that uses sockets: none may pass without trace and fail with it.

WORKBENCH_ALL_OF_CPYTHON=1 runs them all (6 minutes), WORKBENCH_PYTHON under another interpreter.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.tracing import TRACE

MODULES = (
    *("test_socket", "test_socketserver", "test_httplib", "test_ftplib", "test_smtplib", "test_poplib"),
    *("test_imaplib", "test_ssl", "test_selectors", "test_httpservers", "test_xmlrpc", "test_urllib2_localnet"),
    "test_asyncio",
)


def passed(words: list[str], module: str, folder: Path) -> set[str]:
    """Run a module of the interpreter's tests in *folder* and return the names of those that passed."""
    folder.mkdir()
    report = folder / "report.xml"
    options = ["-i", "*VSOCK*", "--junit-xml", str(report)]
    if module == "test_socketserver":  # as a whole it asks for leave to use the network, and uses loopback alone
        options += ["-u", "network"]
    command = [*words, "-m", "test", *options, module]
    subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    cases = ElementTree.parse(report).iter("testcase")
    return {case.attrib["name"] for case in cases if case.attrib.get("result") == "completed" and not len(case)}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("module", MODULES if "WORKBENCH_ALL_OF_CPYTHON" in os.environ else MODULES[:1])
def test_what_passes_without_trace_passes_with_it(tmp_path: Path, module: str) -> None:
    python = os.environ.get("WORKBENCH_PYTHON", sys.executable)
    without = passed([python], module, tmp_path / "bare")
    traced = [*TRACE, "-o", str(tmp_path / "session.swb"), "--overwrite", "--", python]
    failed = without - passed(traced, module, tmp_path / "traced")
    # Some depend on the machine's load: what failed under trace has to fail there once more.
    again = passed(traced, module, tmp_path / "again") if failed else set()
    assert len(without) > 5
    assert not failed - again
    assert (tmp_path / "session.swb").stat().st_size > 1000
