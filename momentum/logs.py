"""Log lines: events with keys, as JSON or text, with every secret struck out before anything is written.

Three nets, each enough for most cases: the name of a key (`token=...`), the shape of a text (`Bearer ...`), and a
register of the very values this process has held (`protect`). They apply to our own events, to what libraries
log, and to tracebacks, whoever formats them.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import date
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote
from uuid import UUID

import structlog

STRUCK = "[struck out]"

_HEAD = 6
"""Values shorter than this are not registered: they would strike out half of every text."""
_PASSING = 4096
_DEPTH = 8

# --- the register -----------------------------------------------------------------------------------


class Register:
    """Secret values by their first characters, so that a search costs the text's length however many there are."""

    def __init__(self, passing: int = _PASSING) -> None:
        self._by_head: dict[str, dict[str, int]] = {}
        self._passing: OrderedDict[str, None] = OrderedDict()
        self._room = passing
        self._lock = threading.Lock()

    def add(self, value: str, *, passing: bool) -> None:
        """Strike `value` out from now on; of `passing` ones only the latest few thousand are kept."""
        if len(value) < _HEAD:
            return
        with self._lock:
            if passing and value in self._passing:
                self._passing.move_to_end(value)
                return
            self._count(value, 1)
            if passing:
                self._passing[value] = None
                if len(self._passing) > self._room:
                    self._count(self._passing.popitem(last=False)[0], -1)

    def strike(self, text: str) -> str:
        """`text` with every registered value replaced."""
        if not self._by_head:
            return text
        parts, start, at = [], 0, 0
        while at <= len(text) - _HEAD:
            length = self._length_at(text, at)
            if length:
                parts += [text[start:at], STRUCK]
                start = at = at + length
            else:
                at += 1
        return "".join([*parts, text[start:]]) if parts else text

    def _length_at(self, text: str, at: int) -> int:
        values = self._by_head.get(text[at : at + _HEAD])
        return max((len(form) for form in tuple(values) if text.startswith(form, at)), default=0) if values else 0

    def _count(self, value: str, by: int) -> None:
        for form in _forms(value):
            values = self._by_head.setdefault(form[:_HEAD], {})
            values[form] = values.get(form, 0) + by
            if values[form] <= 0:
                del values[form]
            if not values:
                del self._by_head[form[:_HEAD]]


def _forms(value: str) -> set[str]:
    """How a value may be spelt in a text: as it is, in a URL, in JSON, in a Python literal."""
    inside = (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1])
    return {value, quote(value, safe=""), *inside, repr(value.encode("utf-8", "replace"))[2:-1]}


_register = Register()


def protect(value: str, *, passing: bool = False) -> None:
    """Strike this very value out of everything that is logged. `passing`: one of many, such as an access token."""
    _register.add(value, passing=passing)


# --- names ------------------------------------------------------------------------------------------

_SECRET_NAME = re.compile(
    r"token|secret|passw(?:or)?d|passcode|passphrase|authorization|cookie|verifier|credential|signature|bearer|"
    r"(?:^|[_-])(?:code|key|kek|jwt|pwd|sig|dsn|apikey)$"
)
# Codes that name a reason and open nothing.
_OPEN_NAMES = frozenset({"error_code", "status_code", "exit_code", "country_code", "code_point"})


def is_secret_name(name: str) -> bool:
    """Whether what stands under this key is to be struck out."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return plain not in _OPEN_NAMES and _SECRET_NAME.search(plain) is not None


# --- shapes -----------------------------------------------------------------------------------------

_VALUE = r"""(?:\\"[^"\\]*\\"|"[^"]*"|'[^']*'|[^\s"'&,;)\]}>\\]+)"""
_SECRET_WORDS = "secret|passw(?:or)?d|passcode|passphrase|verifier|credentials?|signature|api[_-]?key"
_SEPARATOR = r"""(?:\\?["'])?\s*[=:]\s*b?"""
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", STRUCK),
        # the password of scheme://user:password@host
        (r"(?<=://)([^\s/:@]*):[^\s/@]+@", rf"\1:{STRUCK}@"),
        # headers, as lines and as pairs: their whole value
        (
            r"""(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)((?:\\?["'])?\s*[:=]\s*b?\\?["']?|["'],\s*b?["'])[^\r\n"'\\]+""",
            rf"\1\2{STRUCK}",
        ),
        (r"\b([Bb]earer|BEARER)\s+[A-Za-z0-9\-._~+/]{6,}=*", rf"\1 {STRUCK}"),
        (r"\b(Basic|basic|BASIC)\s+(?=\S*[0-9A-Z=])[A-Za-z0-9\-._~+/]{6,}=*", rf"\1 {STRUCK}"),
        # a JSON object in base64url, as every JWT begins
        (r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*", STRUCK),
        (r"(?<![A-Za-z0-9_-])sk-[A-Za-z0-9_-]{8,}", STRUCK),
        # an API key of ours; its prefix may be shown (momentum.store.api_keys)
        (r"(?<![A-Za-z0-9])(mm_[A-Za-z0-9]{8})_[A-Za-z0-9]{8,}", rf"\1_{STRUCK}"),
        # name and value, in URLs, forms, JSON and Python; a count of tokens is no token
        (rf"(?i)(?<![\w-])([\w-]*tokens?)({_SEPARATOR})(?!\[struck|\d+(?:\.\d+)?(?!\w|\.\d)){_VALUE}", rf"\1\2{STRUCK}"),
        (
            rf"(?i)(?<![\w-])([\w-]*(?:{_SECRET_WORDS}|kek)|pwd|sig)({_SEPARATOR})(?!\[struck){_VALUE}",
            rf"\1\2{STRUCK}",
        ),
        # the same as a pair of a form
        (rf"""(?i)(["'][\w-]*(?:tokens?|{_SECRET_WORDS})["'],\s*b?)(?:"[^"]*"|'[^']*')""", rf"\1'{STRUCK}'"),
        # words that are secret in some places alone: a query, a form, an object
        (r"(?i)([?&](?:code|state|key|jwt)=)(?!\[struck)[^\s\"'&#]+", rf"\1{STRUCK}"),
        (r"(?i)((?:^|\s)code=)(?!\[struck)[^\s\"'&;,)\]}]{6,}", rf"\1{STRUCK}"),
        (r"""(?i)((?<![\w-])["'](?:code|key|jwt)["']\s*:\s*)(?:"[^"]*"|'[^']*')""", rf"\1{STRUCK}"),
    )
)


_PLAIN = (str, UUID, date, PurePath)
"""What is written as its text; everything else as its repr."""


def strike_text(text: str) -> str:
    """`text` without registered values and without what has the shape of a secret."""
    text = _register.strike(text)
    for pattern, replacement in _SHAPES:
        text = pattern.sub(replacement, text)
    return text


def strike(value: Any, depth: int = 0) -> Any:
    """`value`, whatever it is, ready to be written: containers are walked, strange objects become their repr."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping) and depth < _DEPTH:
        return {strike_text(str(key)): _under(str(key), item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)) and depth < _DEPTH:
        return [strike(item, depth + 1) for item in value]
    return strike_text(str(value) if isinstance(value, _PLAIN) else repr(value))


def _under(name: str, value: Any, depth: int) -> Any:
    harmless = value is None or isinstance(value, (bool, int, float, Enum))
    return STRUCK if not harmless and is_secret_name(name) else strike(value, depth)


def strike_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the event with its secrets struck out. Stands behind everything that adds to an event."""
    for name, value in event.items():
        if name not in {"_record", "_from_structlog"}:
            event[name] = _under(name, value, 0)
    return event


# --- set-up -----------------------------------------------------------------------------------------

_LIBRARIES = ("httpx2", "httpcore2", "aiohttp", "authlib", "openai", "dbos", "granian", "_granian", "alembic", "asyncio")
# Their lines hold rows, that is, people's words: never below a warning.
_SILENT = ("sqlalchemy", "psycopg", "faster_whisper", "tink")

Factory = Callable[..., logging.LogRecord]


def configure(level: str = "info", style: str = "auto", *, stream: TextIO | None = None) -> None:
    """Write events of `level` and above to `stream` (standard error). `style`: "json", "text", or "auto" = text on a terminal.

    Takes over the standard library's logging, warnings and the hooks for uncaught exceptions.
    """
    target = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    as_text = style == "text" or (style == "auto" and target.isatty())
    _install_record_factory()
    _install_handler(_handler(target, as_text=as_text), number)
    structlog.configure(
        processors=[*_shared(), structlog.processors.format_exc_info, strike_event, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _shared() -> list[Callable[..., Any]]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _handler(target: TextIO, *, as_text: bool) -> logging.Handler:
    plain = structlog.dev.plain_traceback
    colours = as_text and target.isatty()
    text = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)
    renderer = text if as_text else structlog.processors.JSONRenderer(ensure_ascii=False)
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_shared(), structlog.processors.format_exc_info, strike_event],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    return handler


def _install_handler(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    for former in root.handlers[:]:
        if isinstance(former.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level)
    _route(_LIBRARIES, logging.INFO if level <= logging.DEBUG else max(level, logging.WARNING))
    _route(_SILENT, max(level, logging.WARNING))
    # The job engine writes to a console of its own unless it finds a handler.
    logging.getLogger("dbos").addHandler(logging.NullHandler())


def _route(prefixes: Iterable[str], level: int) -> None:
    """Lead the loggers of libraries, and those they have made below, to our handler."""
    known = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in prefixes]
    for logger in map(logging.getLogger, {*prefixes, *known}):
        logger.handlers.clear()
        logger.propagate = True
    for name in prefixes:
        logging.getLogger(name).setLevel(level)


def _install_record_factory() -> None:
    """Strike out where records are born, so that a handler a library brings along writes nothing either."""
    former = logging.getLogRecordFactory()
    if not getattr(former, "strikes", False):
        logging.setLogRecordFactory(_striking(former))


def _striking(former: Factory) -> Factory:
    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = former(*args, **kwargs)
        if isinstance(record.msg, Mapping):  # an event of ours: struck out already
            return record
        record.msg, record.args = strike_text(_message(record)), ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = strike_text(logging.Formatter().formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = strike_text(record.stack_info)
        return record

    make.strikes = True  # type: ignore[attr-defined]  # marks the factory, so that it is not wrapped twice
    return make


def _message(record: logging.LogRecord) -> str:
    if not isinstance(record.args, Mapping):
        record.args = tuple(record.args or ())
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # a library's mistake in its own format string
        return f"{record.msg} {record.args!r}"


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("momentum").critical("uncaught exception", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        name = args.thread.name if args.thread else None
        structlog.get_logger("momentum").critical(
            "uncaught exception", thread=name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
        )
