"""What is counted, for Prometheus: every metric by name, with what it says (docs/reference/metrics.md).

Counters live in the process that counts; each process is scraped by itself (`momentum.exposition`). What stands in the
database (the queue, the pace of calls) is read when somebody asks, so any process can tell it. Labels never name a
person, an account or a meeting.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from time import monotonic

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from momentum.errors import ErrorCode, MomentumError

# A second series beside every counter, and nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call] # the library's
REGISTRY = CollectorRegistry()
OK = "ok"
"""The label `outcome` of what went well; of what did not, an error code or the provider's kind of fault."""

_SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LONG = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800, 3600, 7200)


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"momentum_{name}", text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"momentum_{name}", text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(f"momentum_{name}", text, labels, registry=REGISTRY, buckets=buckets)


BUILD = _gauge("build_info", "Always 1; the labels say what runs.", "version")

# --- who comes in ----------------------------------------------------------------------------------

HTTP_REQUESTS = _counter("http_requests_total", "Requests answered.", "method", "route", "status")
HTTP_SECONDS = _histogram("http_request_seconds", "Time to the head of an answer.", "route", buckets=_SHORT)
AUTHENTICATIONS = _counter("authentications_total", "Requests that said who they are.", "method", "outcome")
SIGN_INS = _counter("sign_ins_total", "Attempts to sign a browser in.", "method", "outcome")

# --- providers -------------------------------------------------------------------------------------

CONNECTIONS = _counter("connections_total", "Attempts to connect an account by OAuth.", "provider", "outcome")
TOKEN_REFRESHES = _counter("token_refreshes_total", "Refreshes of an access token.", "provider", "outcome")
PROVIDER_CALLS = _counter("provider_calls_total", "Calls of a provider's API, each try by itself.", "provider", "allowance", "outcome")
PROVIDER_SECONDS = _histogram("provider_call_seconds", "Time of a call of a provider's API.", "provider", buckets=_SHORT)
DOWNLOADED = _counter("downloaded_bytes_total", "Bytes of recordings read.")

RATE_SLOTS = _counter("rate_slots_total", "Calls let through by the shared limiter.", "provider", "allowance")
RATE_WAIT = _histogram("rate_wait_seconds", "Time a call waited for its turn.", "provider", "allowance", buckets=_SHORT)
RATE_PAUSES = _counter("rate_pauses_total", "Pauses that a provider asked for.", "provider", "allowance")
RATE_PER_SECOND = _gauge("rate_per_second", "Calls a second that we allow ourselves for each account.", "provider", "allowance")
RATE_DAY_USED = _gauge("rate_day_used", "Calls of today (UTC) of the busiest account.", "provider", "allowance")
RATE_DAY_BUDGET = _gauge("rate_day_budget", "Calls a day that we allow ourselves for an account.", "provider", "allowance")
RATE_PAUSED = _gauge("rate_paused_seconds", "Rest of the longest pause in force.", "provider", "allowance")

# --- the work --------------------------------------------------------------------------------------

PROCESSINGS = _counter("processings_total", "Processings that came to an end or stand still.", "outcome")
STEP_SECONDS = _histogram("step_seconds", "Time of a finished step.", "step", buckets=_LONG)
STEP_FAILURES = _counter("step_failures_total", "Steps that failed, for whatever reason.", "step", "error_code")
QUEUE_DEPTH = _gauge("queue_depth", "Processings by what they wait for.", "state")
QUEUE_OLDEST = _gauge("queue_oldest_seconds", "For how long the longest waiting one has been so.", "state")
WORKERS = _gauge("workers", "Workers that live.")
DATABASE_UP = _gauge("database_up", "1 when the database answered this scrape.")

# --- models ----------------------------------------------------------------------------------------

MODEL_CALLS = _counter("model_calls_total", "Questions to a language or speech model.", "model", "outcome")
MODEL_TOKENS = _counter("model_tokens_total", "Tokens of a language model.", "model", "direction")
SPEECH_SECONDS = _counter("speech_seconds_total", "Seconds of recordings turned into words.", "engine")
MODEL_SPEND = _counter("model_spend_usd_total", "US dollars, by list price.", "model")
MODEL_UNPRICED = _counter("model_unpriced_total", "Answers of models whose price is not known.", "model")

# --- ourselves -------------------------------------------------------------------------------------

FAULTS = _counter("faults_total", "Failures that nobody foresaw.", "where")
AUDIT_ENTRIES = _gauge("audit_entries", "Length of the audit trail.")
AUDIT_WAITING = _gauge("audit_waiting", "Entries that have no place in the chain yet.")
AUDIT_LOST = _counter("audit_lost_total", "Entries that could not be written; they stand in the log.")


def declare(counter: Counter, *labels: tuple[str, ...]) -> None:
    """Show every combination of `labels` (the values of each) from the beginning: what appears with its first event has not risen
    for Prometheus, and no alert on it would fire (https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics).
    """
    for combination in product(*labels):
        counter.labels(*combination)


declare(SIGN_INS, ("link", "oidc"), (OK,))
declare(PROCESSINGS, ("done", "failed", "cancelled", "action_required"))
declare(FAULTS, ("web", "worker", "job_engine", "metrics"))


def spent(model: str, usd: float | None) -> None:
    """Count what an answer cost; None where the model's price is not known."""
    if usd is None:
        MODEL_UNPRICED.labels(model).inc()
    else:
        MODEL_SPEND.labels(model).inc(usd)


@contextmanager
def outcome_of(counter: Counter, *labels: str) -> Iterator[None]:
    """Count what becomes of the block: `ok`, or the code of what it raises."""
    try:
        yield
    except MomentumError as error:
        counter.labels(*labels, str(error.code)).inc()
        raise
    except Exception:
        counter.labels(*labels, str(ErrorCode.INTERNAL)).inc()
        raise
    counter.labels(*labels, OK).inc()


@contextmanager
def timed(histogram: Histogram, *labels: str) -> Iterator[None]:
    """Observe how long the block takes, whatever becomes of it."""
    began = monotonic()
    try:
        yield
    finally:
        histogram.labels(*labels).observe(monotonic() - began)
