import asyncio
import io
import json
import logging
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

import pytest
import structlog

from momentum import logs
from momentum.errors import ErrorCode

OPAQUE = "Zq7-opaque value/with+signs=&äö\"'"
JWT = "eyJzdiI6IjAwMDAwMSIsImFsZyI6IkhTNTEyIn0.eyJ2ZXIiOjEwfQ.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def register(monkeypatch):
    """Nothing is known that another test has sealed."""
    monkeypatch.setattr(logs, "_register", logs.Register())


@pytest.fixture
def stream():
    """Where lines go; everything `configure` touches is as before afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.getLogRecordFactory(), sys.excepthook, threading.excepthook)
    levels = {name: logging.getLogger(name).level for name in logging.root.manager.loggerDict}
    yield io.StringIO()
    root.handlers[:], root.level = before[0], before[1]
    logging.setLogRecordFactory(before[2])
    sys.excepthook, threading.excepthook = before[3:]
    for name in logging.root.manager.loggerDict:
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def lines(stream):
    logs.configure("debug", "json", stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def opaque():
    logs.protect(OPAQUE)
    return OPAQUE


SHAPES = [
    f"GET /x Authorization: Bearer {JWT}",
    "sent Bearer abcdefghijklmnop",
    "bearer s3cr3t-plant-0001 was refused",
    "Authorization: Basic czNjcjN0LXBsYW50OnBhc3M=",
    "{'authorization': 'Basic czNjcjN0LXBsYW50'}",
    "[(b'Authorization', b'Basic czNjcjN0LXBsYW50')]",
    "Cookie: session=s3cr3t-plant; other=s3cr3t-plant",
    "set-cookie: momentum=s3cr3t-plant; HttpOnly",
    f"token {JWT} expired",
    "key sk-proj-s3cr3t-plant_000",
    "used mm_k3Vb9QxT_s3cr3tplant000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "https://zoom.us/rec/download/abc?access_token=s3cr3t-plant&x=1",
    "GET /api/zoom/auth?code=s3cr3t-plant&state=s3cr3t-plant HTTP/1.1",
    "code=s3cr3t-plant&grant_type=authorization_code&code_verifier=s3cr3t-plant",
    '{"access_token":"s3cr3t-plant","refresh_token": "s3cr3t-plant"}',
    '{"body": "{\\"client_secret\\":\\"s3cr3t-plant\\"}"}',
    "Grant(access_token='s3cr3t-plant', password='s3cr3t plant')",
    "{'code': 's3cr3t-plant', 'passcode': 's3cr3t-plant'}",
    "passcode=s3cr3t-plant pwd=s3cr3t-plant",
    "[('refresh_token', 's3cr3t-plant'), ('code_verifier', b's3cr3t-plant')]",
    "MOMENTUM_KEK=s3cr3t-plant",
    "download_token: s3cr3t-plant",
    "postgresql://momentum:s3cr3t-plant@db.example.org/momentum",
    "s3?X-Amz-Signature=s3cr3t-plant&X-Amz-Security-Token=s3cr3t-plant",
    "-----BEGIN PRIVATE KEY-----\ns3cr3t-plant\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize("text", SHAPES)
def test_secrets_are_known_by_their_shape(text):
    struck = logs.strike_text(text)

    assert not [s for s in ("s3cr3t", "plant", "czNj", "abcdefghijkl", "eyJ") if s in struck]
    assert logs.STRUCK in struck
    assert logs.strike_text(struck) == struck


@pytest.mark.parametrize(
    "text",
    [
        "Zoom no longer accepts this connection. Connect Zoom again.",
        "recording 8d5a1c of meeting 81234567890 is done in 12.5 s",
        "input_tokens=512, output_tokens=18.",
        "exit code=1, HTTP status_code=200",
        '{"error_code": "not_found", "status_code": 404}',
        "https://zoom.us/v2/users/me/recordings?from=2026-11-01&to=2026-11-22&page_size=300",
        "state=running step=transcribe",
        "('token_type', 'bearer'), ('tokens', 12)",
        "task-sk-runner, risk-assessment",
        "Missing authorization, please sign in",
        "postgresql://db.example.org:5432/momentum",
    ],
)
def test_innocent_text_stays(text):
    assert logs.strike_text(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "access_token",
        "accessToken",
        "client_secret",
        "PASSWORD",
        "Authorization",
        "code",
        "code_verifier",
        "Set-Cookie",
        "passcode",
        "key",
        "api_key",
        "MOMENTUM_KEK",
        "credentials",
        "X-Amz-Signature",
        "dsn",
    ],
)
def test_secret_names(name):
    assert logs.is_secret_name(name)


@pytest.mark.parametrize("name", ["event", "error_code", "status_code", "user_id", "state", "keyset", "monkey", "encode", "topic"])
def test_open_names(name):
    assert not logs.is_secret_name(name)


def test_a_protected_value_is_struck_out_however_it_is_spelt(opaque):
    spelt = [
        opaque,
        quote(opaque, safe=""),
        json.dumps(opaque),
        json.dumps(opaque, ensure_ascii=False),
        repr(opaque),
        f"x{opaque}{opaque}y",
    ]

    struck = [logs.strike_text(text) for text in spelt]

    assert not [s for s in struck if "Zq7" in s or "opaque" in s]
    assert struck[-1] == f"x{logs.STRUCK}{logs.STRUCK}y"


def test_of_passing_values_the_latest_are_remembered():
    register = logs.Register(passing=2)
    register.add("lasting-value", passing=False)
    for value in ("passing-1", "passing-2", "passing-1", "passing-3"):
        register.add(value, passing=True)

    assert register.strike("lasting-value passing-1 passing-3") == " ".join([logs.STRUCK] * 3)
    assert register.strike("passing-2") == "passing-2"


def test_of_two_values_with_one_beginning_the_longer_is_struck_out():
    register = logs.Register()
    register.add("secret-1", passing=False)
    register.add("secret-1-and-more", passing=False)

    assert register.strike("a secret-1-and-more b") == f"a {logs.STRUCK} b"


@dataclass
class Carrier:
    user: str
    refresh_token: str


@dataclass
class Careful:
    name: str
    refresh_token: str = field(repr=False)


def test_events_lose_secrets_wherever_they_stand(lines, opaque):
    structlog.contextvars.bind_contextvars(session_cookie="s3cr3t-plant", request_id="r-1")
    log = structlog.get_logger("momentum.test").bind(headers={"Authorization": "s3cr3t-plant", "accept": "json"})
    event = f"connected {opaque}"
    log.info(
        event,
        token="s3cr3t-plant",
        code=ErrorCode.NOT_CONNECTED,
        nested={"list": [{"deep": {"password": "s3cr3t-plant"}}, ("x", opaque.encode())], opaque: 1},
        carrier=Carrier("ada", "s3cr3t-plant"),
        careful=Careful("ada", "s3cr3t-plant"),
        error=ValueError(f"bad {opaque}"),
        tokens=512,
        user_id=UUID(int=7),
    )
    structlog.contextvars.clear_contextvars()

    (line,) = lines()
    text = json.dumps(line)
    assert not [s for s in ("s3cr3t", "Zq7", "opaque") if s in text]
    assert line["event"] == f"connected {logs.STRUCK}"
    assert line["request_id"] == "r-1"
    assert line["headers"] == {"Authorization": logs.STRUCK, "accept": "json"}
    assert line["code"] == "not_connected"
    assert line["tokens"] == 512
    assert line["user_id"] == str(UUID(int=7))
    assert line["level"] == "info"
    assert line["logger"] == "momentum.test"
    assert "timestamp" in line


def _fail(secret):
    try:
        {}[f"inner {secret}"]
    except KeyError as inner:
        error = ValueError(f"outer access_token={secret}")
        error.add_note(f"note {secret}")
        raise error from inner


@pytest.mark.parametrize("style", ["json", "text"])
@pytest.mark.parametrize("log", [structlog.get_logger("momentum.test"), logging.getLogger("aiohttp.client")], ids=["ours", "theirs"])
def test_tracebacks_lose_secrets(stream, style, log, opaque):
    logs.configure("info", style, stream=stream)
    try:
        _fail(opaque)
    except ValueError:
        log.exception("it broke")

    written = stream.getvalue()
    assert "Zq7" not in written
    assert "in _fail" in written
    assert "direct cause" in written
    assert "it broke" in written


@pytest.mark.parametrize(
    "name", ["aiohttp.access", "httpx2", "sqlalchemy.engine.Engine", "dbos", "granian.access", "authlib.oauth2", "asyncio", "anything"]
)
def test_libraries_are_routed_and_struck_out(lines, opaque, name):
    logging.getLogger(name).warning("HTTP Request: GET %s %r", "https://x.example/?code=s3cr3t-plant", {"v": opaque})

    (line,) = lines()
    assert line["logger"] == name
    assert line["level"] == "warning"
    assert "https://x.example/?code=" in line["event"]
    assert not [s for s in ("s3cr3t", "Zq7") if s in json.dumps(line)]


def test_a_handler_that_a_library_brings_along_writes_no_secret_either(lines, opaque):
    own = io.StringIO()
    logger = logging.getLogger("a.library")
    handler = logging.StreamHandler(own)
    logger.addHandler(handler)
    try:
        _fail(opaque)
    except ValueError:
        logger.warning("at %(where)s", {"where": opaque}, exc_info=True, stack_info=True)
    finally:
        logger.removeHandler(handler)

    assert "Zq7" not in own.getvalue()
    assert "outer" in own.getvalue()


def test_a_format_string_that_does_not_fit_is_still_written_and_struck_out(lines, opaque):
    logging.getLogger("a.library").warning("one %s two %s", opaque)  # noqa: PLE1206 -- the mistake is the point

    (line,) = lines()
    assert "one" in line["event"]
    assert "Zq7" not in line["event"]


def test_rows_are_not_logged_even_at_debug(lines):
    logging.getLogger("sqlalchemy.engine.Engine").info("[raw sql] ('the words of a meeting',)")

    assert lines() == []


def test_levels_hold(stream):
    logs.configure("warning", "json", stream=stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("dbos").info("quiet")
    structlog.get_logger().warning("loud")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


def test_configuring_again_does_not_write_twice(stream):
    logs.configure("info", "json", stream=stream)
    logs.configure("info", "json", stream=stream)
    structlog.get_logger().info("once")
    logging.getLogger("x").warning("once")

    assert len(stream.getvalue().splitlines()) == 2


def test_warnings_and_lost_exceptions_are_routed(stream, opaque):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.configure("debug", "json", stream=stream)
        warnings.warn(f"odd {opaque}", UserWarning, stacklevel=1)
        logging.captureWarnings(False)

    async def lose():
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "lost", "exception": RuntimeError(opaque)})

    asyncio.run(lose())
    text = stream.getvalue()
    assert "odd" in text
    assert "lost" in text
    assert "Zq7" not in text


UNCAUGHT = """
import sys, threading
from momentum import logs
logs.configure("info", "json")
logs.protect("Zq7-opaque-value")
def fail():
    raise RuntimeError("with Zq7-opaque-value")
if sys.argv[1] == "thread":
    thread = threading.Thread(target=fail); thread.start(); thread.join()
else:
    fail()
"""


@pytest.mark.parametrize("where", ["main", "thread"])
def test_what_nobody_catches_is_struck_out(where):
    ran = subprocess.run([sys.executable, "-c", UNCAUGHT, where], capture_output=True, text=True, check=False)

    line = json.loads(ran.stderr.strip().splitlines()[-1])
    assert (line["event"], line["level"]) == ("uncaught exception", "critical")
    assert "RuntimeError: with [struck out]" in line["exception"]
    assert "Zq7-opaque-value" not in line["exception"].replace('raise RuntimeError("with', "")
    assert ran.returncode == (1 if where == "main" else 0)


def test_a_long_text_without_blanks_is_read_quickly():
    began = time.perf_counter()
    for text in ("_" * 50_000, "a" * 50_000, "a-b_" * 12_000, "\"'" * 25_000, "eyJ" * 15_000, "Basic " * 8_000):
        logs.strike_text(text)

    assert time.perf_counter() - began < 2
