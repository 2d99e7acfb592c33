"""Alert rules, dashboard and the pages about them, held to the metrics there are."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from momentum import metrics

ROOT = Path(__file__).parents[2]
RULES = ROOT / "monitoring" / "alerts.yml"
ALERTS = re.findall(r"- alert: (\w+)", RULES.read_text())
TRIED = (ROOT / "monitoring" / "alerts_test.yml").read_text()


def exported():
    """Every name under which Prometheus stores a metric of ours."""
    names = set()
    for metric in metrics.REGISTRY.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ("",))
        names |= {metric.name + suffix for suffix in suffixes}
    return names


def named_in(text):
    return set(re.findall(r"\bmomentum_[a-z_]+\b", text))


@pytest.fixture(scope="module")
def promtool():
    found = ROOT / ".venv" / "prometheus" / "usr" / "bin" / "promtool"
    program = str(found) if found.exists() else shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not there: on Debian tests/prepare unpacks it")
    return program


@pytest.mark.parametrize("arguments", [("check", "rules", RULES), ("test", "rules", ROOT / "monitoring" / "alerts_test.yml")])
def test_the_alert_rules_hold(promtool, arguments):
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_example_configuration(promtool):
    done = subprocess.run(
        [promtool, "check", "config", ROOT / "monitoring" / "prometheus.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_seen_to_fire_and_has_its_page(alert):
    told = re.findall(rf"alertname: {alert}\n\s+exp_alerts:\n", TRIED)
    assert told, "monitoring/alerts_test.yml never makes it fire"
    page = ROOT / "docs" / "runbooks" / f"{alert}.md"
    assert page.exists()
    assert f"# {alert}" in page.read_text()


def test_no_page_is_about_an_alert_that_is_not_there():
    assert {page.stem for page in (ROOT / "docs" / "runbooks").glob("*.md")} - {"README"} == set(ALERTS)


@pytest.mark.parametrize("file", ["alerts.yml", "alerts_test.yml", "grafana-dashboard.json"])
def test_rules_and_dashboard_speak_of_metrics_that_are_there(file):
    assert named_in((ROOT / "monitoring" / file).read_text()) <= exported()


def test_the_dashboard_is_one_that_grafana_reads():
    board = json.loads((ROOT / "monitoring" / "grafana-dashboard.json").read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert board["title"] == "Momentum"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(target["expr"] for panel in panels for target in panel["targets"])


def described():
    """Every metric as its row in the reference."""
    for collector in vars(metrics).values():
        if isinstance(collector, MetricWrapperBase):
            (metric,) = collector.describe()
            name = metric.name + ("_total" if metric.type == "counter" else "")
            labels = ", ".join(f"`{label}`" for label in collector._labelnames)
            yield f"| `{name}` | {metric.type} | {labels} | {metric.documentation} |"


def test_every_metric_is_documented_as_it_is():
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    assert re.findall(r"^\| `momentum_.*$", page, re.MULTILINE) == list(described())


def test_every_event_in_the_reference_is_logged_somewhere():
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    table = page[page.index("| event | level | when |") :]
    events = {event for row in table.splitlines()[2:] for event in re.findall(r"`([a-z_ ]+)`", row.split(" | ")[0])}
    code = "\n".join(file.read_text() for file in (ROOT / "momentum").rglob("*.py"))
    logged = set(re.findall(r'log\.(?:debug|info|warning|error|exception)\(\s*"([^"]+)"', code)) | {"request"}
    assert len(events) > 20
    assert events <= logged


def test_the_list_of_pages_names_every_alert_and_its_severity():
    listed = re.findall(r"^\| \[(\w+)\]\(\1\.md\) \| (\w+) \|", (ROOT / "docs" / "runbooks" / "README.md").read_text(), re.MULTILINE)
    assert listed == re.findall(r"- alert: (\w+).*?severity: (\w+)", RULES.read_text(), re.DOTALL)
