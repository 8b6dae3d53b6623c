"""The forms in which findings go to others."""

from __future__ import annotations

import io
import json
import os
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.model.findings.acted import connected
from workbench.engine.tracing.own_process import record
from workbench.journal.checking import check
from workbench.journal.reader import Journal
from workbench.report.findings import FORMS
from workbench.report.findings.places import place
from workbench.report.html.page import export_html

SCHEMA = os.environ.get("WORKBENCH_SARIF_SCHEMA", "")
"""The schema of OASIS, sarif-schema-2.1.0.json, where it is at hand."""


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("forms") / "s.swb"
    with record(path):
        client, connection = connected()
        client.sendall(b"\0\0\0\x32" + b"x" * 10)
        connection.recv(4), connection.recv(50)
        client.sendall(b"x" * 40)
        connection.recv(4)
    return path


def written(session: Path, form: str, *, nothing: bool = False) -> str:
    out = io.StringIO()
    with closing(Journal(session)) as journal:
        journal.read_all()
        FORMS[form](out, [] if nothing else check(journal), journal)
    return out.getvalue()


def test_annotations_of_a_github_workflow(session):
    [line] = written(session, "github").splitlines()
    file = Path(__file__).relative_to(Path.cwd()).as_posix()
    assert line.startswith(f"::error file={file},line=")
    assert ",title=short-recv::#" in line
    assert "%0AReceive in a loop" in line


def test_sarif_with_the_calls_as_a_thread_flow(session):
    log = json.loads(written(session, "sarif"))
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    [result] = run["results"]
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] > 1
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == result["ruleId"] == "short-recv"
    [flow] = result["codeFlows"]
    steps = flow["threadFlows"][0]["locations"]
    assert [step["importance"] for step in steps].count("essential") == 1
    assert any("recv(50)" in step["location"]["message"]["text"] for step in steps)
    assert json.loads(written(session, "sarif", nothing=True))["runs"][0]["results"] == []


@pytest.mark.skipif(not SCHEMA, reason="WORKBENCH_SARIF_SCHEMA names no copy of OASIS's schema")
@pytest.mark.parametrize("nothing", [False, True])
def test_sarif_is_valid_by_the_schema_of_oasis(session, nothing):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(Path(SCHEMA).read_text())
    log = json.loads(written(session, "sarif", nothing=nothing))
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)


def test_junit(session):
    [suite] = ElementTree.fromstring(written(session, "junit"))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("type") == "short-recv"
    [suite] = ElementTree.fromstring(written(session, "junit", nothing=True))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")


def test_html_has_them_at_the_top_with_links(session):
    out = io.StringIO()
    with closing(Journal(session)) as journal:
        journal.read_all()
        export_html(journal, out)
    page = out.getvalue()
    assert page.index("<h2>1 error</h2>") < page.index('id="c1"')
    found = page[page.index('class="findings"') :].partition("</section>")[0]
    assert "short-recv" in found
    assert '<a href="#c' in found


def test_where_a_file_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src" / "app").mkdir(parents=True)
    (tmp_path / "src" / "app" / "client.py").touch()
    assert place("client.py:12") == ("src/app/client.py", 12)
    assert place("app/client.py:12") == ("src/app/client.py", 12)
    assert place("other.py:3") == ("other.py", 3)
    assert place("") == ("", 0)
    assert place("no line") == ("", 0)
