"""The commands as a person types them: real processes."""

import asyncio
import base64
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
import pytest

from momentum.cli.demo import too_long
from momentum.embedded.server import running
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET

ROOT = Path(__file__).parents[2]
MOMENTUM = (sys.executable, "-m", "momentum")


@pytest.fixture
def where():
    """A home."""
    # Not below tmp_path, which is closed to others: root's database server, another user, would go elsewhere and stay there.
    made = Path(tempfile.mkdtemp(prefix="momentum-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def environment_of(where):
    """What a command gets of our environment, which is no more than it needs, with a home of this test's."""

    def made(**environment):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {"MOMENTUM_HOME": str(where), "MOMENTUM_MODELS": str(ROOT / ".venv" / "models")} | environment

    return made


@pytest.fixture
def run(environment_of, tmp_path):
    """Runs a command in an empty folder."""

    def go(*arguments, timeout=110, **environment):
        command, env = [*MOMENTUM, *arguments], environment_of(**environment)
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=timeout, check=False)

    return go


@pytest.fixture
def begin(environment_of, tmp_path):
    """Starts a command in an empty folder; what it writes can be read line by line."""
    started = []

    def go(*arguments, **environment):
        command, env = [*MOMENTUM, *arguments], environment_of(**environment)
        started.append(subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield go
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def test_make_alone_lists_every_command_with_a_phrase():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # `make test` runs us
    listed = subprocess.run(["make"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {line.split()[1] for line in listed.splitlines()} == set(targets)
    assert all(len(line.split(maxsplit=2)[2]) > 10 for line in listed.splitlines())


def test_help_names_every_command(run):
    shown = run("--help").stdout
    assert all(name in shown for name in ("process", "serve", "worker", "demo", "sandbox", "doctor", "token", "keys"))


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("heavy")
def test_the_demo_goes_the_whole_way_and_says_so_in_one_json_object(run, tmp_path):
    done = run("demo", "--once", "--json", timeout=230)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["connected"]["zoom"] is True
    assert told["listed"] == 3
    processed = told["processed"]
    assert processed["topic"] == "Spring release planning"
    assert 60 < processed["audio_seconds"] < 90
    assert 140 < processed["words"] < 200
    assert set(processed["seconds_per_step"]) == {"discover", "transcribe", "attribute", "generate", "verify", "deliver"}
    (document,) = told["deliverables"]
    assert document["kind"] == "highlights"
    assert "19th of March" in document["markdown"]
    assert Path(told["read_it_at"]).read_text() == document["markdown"]
    assert document["file"] == told["read_it_at"]
    assert Path(told["transcript"]).read_text().count("[00:") > 3
    assert {path.parent for path in (Path(told["transcript"]), Path(document["file"]))} == {tmp_path / "momentum-demo"}
    assert "http://" not in done.stdout, "what is said points to nothing that is gone"


@pytest.mark.acceptance
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("heavy")
def test_a_running_demo_gives_another_link_by_the_command_it_prints(begin, tmp_path):
    (tmp_path / ".env").write_text("ZOOM_CLIENT_ID=only-half\n")
    demo = begin("demo")
    lines = list(itertools.takewhile(lambda line: "Everything stays up" not in line, demo.stdout))
    first, command = (next(line.rpartition(before)[2] for line in lines if before in line) for before in ("once): ", "runs: "))
    another = subprocess.run(shlex.split(command), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert another.returncode == 0, another.stderr
    assert another.stdout != first
    for link in (first.strip(), another.stdout.strip()):
        assert _redirected(_opened_by_hand(link))[0] == 303
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 0


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def _opened_by_hand(link):
    """As a browser asks when its person opened a link from a terminal."""
    says = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
    return urllib.request.Request(link, headers=says)


def _redirected(url):
    """Status of an answer that leads elsewhere, and where to."""
    with pytest.raises(urllib.error.HTTPError) as answered:
        urllib.request.build_opener(_Stay).open(url, timeout=30)
    with answered.value as answer:
        return answer.code, answer.headers["location"]


def test_the_demo_says_why_it_did_not_succeed(run):
    done = run("demo", "--once", "--json", MOMENTUM_MODELS="/proc/nowhere")
    assert done.returncode == 1
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["ok"] is False
    assert told["detail"]


@pytest.mark.acceptance
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("heavy")
def test_the_demo_minds_only_models_and_keys_and_says_what_it_waits_for(begin, tmp_path):
    (tmp_path / ".env").write_text("ZOOM_CLIENT_ID=only-half\nHOST=0.0.0.0\nDATABASE_URL=postgresql://nowhere/\nMOMENTUM_KEK=short\n")
    demo = begin("demo", "--once", OPENAI_API_KEY="sk-planted", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if "waiting:" in line:
            break
    assert any(line.split()[:2] == ["transcribe", "done"] for line in lines), "with local Whisper, whatever key there is"
    assert "Next try at" in lines[-1]
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 130


@pytest.mark.acceptance
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("heavy")
def test_a_demo_that_is_stopped_while_it_listens_says_nothing_of_engines(begin):
    demo = begin("demo")
    next(line for line in demo.stdout if "discover" in line)
    time.sleep(2)  # it has to be inside a batch, of which nobody outside is told
    demo.send_signal(signal.SIGINT)
    said = demo.communicate(timeout=60)[1]
    assert demo.returncode == 130, said
    assert said == ""


def test_a_demo_that_waited_too_long_says_for_what():
    waiting = {"state": "waiting", "step": "generate", "error_code": "model_unavailable", "error_detail": "The model is away."}
    assert too_long(waiting).detail.endswith("It waits: The model is away.")
    assert too_long(waiting).code == "model_unavailable"
    assert "'transcribe'" in too_long({"state": "running", "step": "transcribe", "error_code": None, "error_detail": None}).detail


def test_the_doctor_says_what_is_set_and_what_is_missing(run):
    done = run("doctor", "--json", LANGUAGE="de", ZOOM_PLAN="free")
    told = json.loads(done.stdout)
    assert done.returncode == 0, told
    settings = {s["name"]: s for s in told["settings"]}
    assert settings["ZOOM_PLAN"] == {"name": "ZOOM_PLAN", "value": "free", "from": "environment"}
    findings = {f["what"]: f for f in told["findings"]}
    assert findings["Database"]["ok"] is True
    assert findings["Zoom"]["ok"] is None
    assert "ZOOM_CLIENT_ID" in findings["Zoom"]["detail"]
    assert findings["Language model"]["ok"] is None


def test_the_doctor_fails_for_what_is_set_and_does_not_work(run):
    done = run("doctor", OPENAI_API_KEY="sk-planted", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert done.returncode == 1
    assert "FAILS  Language model" in done.stdout
    assert "sk-planted" not in done.stdout + done.stderr


def test_a_token_is_printed_for_the_local_default(run):
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", run("token").stdout)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ZOOM_CLIENT_ID": "only-half"}, "ZOOM_CLIENT_SECRET"),
        ({"HOST": "0.0.0.0"}, "JWT_SECRET"),
        ({"JWT_SECRET": "short"}, "32 bytes"),
        ({"JWT_JWKS_URL": "https://id.example.com/keys"}, "JWT_ISSUER"),
        ({"JWT_ISSUER": "https://id.example.com"}, "JWT_SECRET"),
        ({"PORT": "many"}, "PORT"),
        ({"TRANSCRIBER": "openai"}, "OPENAI_API_KEY"),
    ],
)
def test_a_contradiction_is_refused_with_the_name_of_the_variable(run, environment, said):
    done = run("serve", **environment)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.acceptance
def test_dot_env_is_read(run, tmp_path):
    (tmp_path / ".env").write_text("ZOOM_PLAN=business\nOPENAI_API_KEY=\n")
    told = json.loads(run("doctor", "--json").stdout)
    settings = {s["name"]: s for s in told["settings"]}
    assert settings["ZOOM_PLAN"]["from"] == ".env"
    assert settings["OPENAI_API_KEY"]["from"] == "default"


def test_the_example_environment_is_accepted_as_it_stands(run, tmp_path):
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text())
    assert run("token").returncode == 0


def test_a_sign_in_link_is_printed(run):
    assert re.fullmatch(r"http://localhost:8000/enter/[\w-]{40,}\n", run("link").stdout)


def test_the_described_api_is_the_one_in_the_docs(run):
    assert run("openapi").stdout == (ROOT / "docs/api/openapi.json").read_text(), "make it anew: momentum openapi > docs/api/openapi.json"


def _named(token):
    body = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return body["iss"], body["sub"]


async def _people(home):
    async with running(home) as cluster:
        with psycopg.connect(cluster.owner_dsn) as owner:
            return owner.execute("select issuer, subject from profiles").fetchall()


@pytest.mark.parametrize("environment", [{}, {"JWT_SECRET": "s" * 40, "JWT_ISSUER": "https://id.example.com"}])
def test_a_link_and_a_token_are_the_same_persons(run, where, environment):
    assert "/enter/" in run("link", **environment).stdout
    named = _named(run("token", **environment).stdout)
    assert asyncio.run(_people(where)) == [named]
    assert _named(run("token", "--subject", "ada", **environment).stdout) == (named[0], "ada")


def test_keys_rotate(run):
    done = run("keys", "rotate")
    assert done.returncode == 0, done.stderr
    assert "under key" in done.stdout


@pytest.mark.acceptance
def test_a_taken_port_is_said_in_the_words_of_the_command(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "--port" in run("sandbox", "--port", port).stderr
        served = run("serve", PORT=port).stderr
    assert "Set PORT" in served
    assert "--port" not in served


def test_serve_on_any_port_names_the_one_it_is(begin):
    serving = begin("serve", "--no-worker", PORT="0", LOG_FORMAT="json")
    link = next(line for line in serving.stderr if "Sign in" in line).split()[-1]
    assert not link.startswith("http://localhost:0/")
    assert _redirected(_opened_by_hand(link))[0] == 303


def test_the_local_zoom_plays_another_clients_app(begin):
    scopes = ("--classic-scopes", "--extra-scope", "recording:read:admin")
    zoom = begin("sandbox", "--port", "0", "--redirect-uri", "http://localhost:3000/back", "--auto-approve", *scopes)
    base = re.search(r"http://[\d.]+:\d+", zoom.stdout.readline()).group()
    asked = f"{base}/oauth/authorize?response_type=code&client_id={CLIENT_ID}&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fback&state=s"
    code = dict(parse_qsl(urlsplit(_redirected(asked)[1]).query))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://localhost:3000/back"}
    basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    request = urllib.request.Request(f"{base}/oauth/token", urlencode(form).encode(), {"authorization": f"Basic {basic}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        granted = json.load(answer)["scope"].split()
    assert {"recording:read", "recording:read:admin"} <= set(granted)
