"""One table: what OpenAI answers, and which decision it is for us."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.errors import ActionRequired, ErrorCode, MomentumError, Permanent, Retry
from momentum.outbound.client import LONGEST_WAIT
from momentum.outbound.openai_errors import UNWELCOME, after, translate

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

AS_TEXT = '{"error":{"message":"Incorrect API key provided: sk-x","code":"invalid_api_key"},"status":401}'


def body(message="", kind="invalid_request_error", code=None):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "answer", "word", "code"),
    [
        (400, body("Unsupported value"), Permanent, ErrorCode.MODEL_REQUEST_INVALID),
        (400, body(code="context_length_exceeded"), Permanent, ErrorCode.MODEL_INPUT_TOO_LARGE),
        (400, body("the request exceeds the available context size"), Permanent, ErrorCode.MODEL_INPUT_TOO_LARGE),
        (400, body(code="billing_hard_limit_reached"), ActionRequired, ErrorCode.MODEL_QUOTA_EXHAUSTED),
        (401, AS_TEXT, ActionRequired, ErrorCode.MODEL_KEY_INVALID),
        (403, body(code="unsupported_country_region_territory"), ActionRequired, ErrorCode.MODEL_KEY_INVALID),
        (404, body(code="model_not_found"), ActionRequired, ErrorCode.MODEL_NOT_FOUND),
        (400, body(code="model_not_found"), ActionRequired, ErrorCode.MODEL_NOT_FOUND),
        (404, {"detail": "Model 'own' not found."}, ActionRequired, ErrorCode.MODEL_NOT_FOUND),
        (404, body("Invalid URL (POST /responses)"), ActionRequired, ErrorCode.MODEL_NOT_CONFIGURED),
        (404, "<html>Not found</html>", ActionRequired, ErrorCode.MODEL_NOT_CONFIGURED),
        (400, body("audio of 1500 seconds is longer than 1400 seconds", code="invalid_value"), Permanent, ErrorCode.MODEL_INPUT_TOO_LARGE),
        (408, "", Retry, ErrorCode.MODEL_UNAVAILABLE),
        (409, body("lock"), Retry, ErrorCode.MODEL_UNAVAILABLE),
        (413, body("413: Maximum content size limit (26214400) exceeded", "server_error"), Permanent, ErrorCode.MODEL_INPUT_TOO_LARGE),
        (429, body(kind="requests", code="rate_limit_exceeded"), Retry, ErrorCode.MODEL_RATE_LIMITED),
        (429, body("Request too large: Limit 10,000, Requested 20,000"), Permanent, ErrorCode.MODEL_INPUT_TOO_LARGE),
        (429, body("Request too large: Limit 10000, Requested 9000", "tokens", "rate_limit_exceeded"), Retry, ErrorCode.MODEL_RATE_LIMITED),
        (429, body(kind="insufficient_quota", code="organization_spend_limit_exceeded"), ActionRequired, ErrorCode.MODEL_QUOTA_EXHAUSTED),
        (429, body(kind="insufficient_quota"), ActionRequired, ErrorCode.MODEL_QUOTA_EXHAUSTED),
        (500, body(kind="server_error"), Retry, ErrorCode.MODEL_UNAVAILABLE),
        (502, "<html>Bad gateway</html>", Retry, ErrorCode.MODEL_UNAVAILABLE),
        (503, None, Retry, ErrorCode.MODEL_UNAVAILABLE),
        (503, body(kind="rate_limit_error", code="slow_down"), Retry, ErrorCode.MODEL_RATE_LIMITED),
    ],
)  # fmt: skip
def test_each_answer_is_one_decision(status, answer, word, code):
    error = translate(status, {}, answer, now=NOW)
    assert (type(error), error.code) == (word, code)


def test_the_envelope_may_be_opened_already():
    assert translate(429, {}, body(code="insufficient_quota")["error"], now=NOW).code is ErrorCode.MODEL_QUOTA_EXHAUSTED


def test_a_server_that_says_never_is_believed():
    never = {"x-should-retry": "false"}
    assert isinstance(translate(500, never, None, now=NOW), Permanent)
    assert translate(429, never, None, now=NOW).after == UNWELCOME
    assert translate(429, never | {"retry-after": "90"}, None, now=NOW).after == 90.0


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry-after": "20"}, "", 20.0),
        ({"retry-after-ms": "1500"}, "", 1.5),
        ({"retry-after": "Sun, 22 Nov 2026 12:01:00 GMT"}, "", 60.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, "", 0.0),
        ({"retry-after": "soon"}, "", None),
        ({}, "Please try again in 6m0s.", 360.0),
        ({}, "try again in 1h2m3.5s", 3723.5),
        ({}, "try again later", None),
        ({"retry-after": "9" * 400}, "", LONGEST_WAIT),
        ({}, "try again in 99999999h", LONGEST_WAIT),
    ],
)
def test_the_wait_the_server_names(headers, message, seconds):
    assert after(headers, message, now=NOW) == seconds


@given(st.integers(400, 599), st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms"]), st.text(max_size=30)), st.text())
def test_nothing_of_the_other_side_reaches_the_sentence(status, headers, text):
    secret = "sk-proj-0123456789"
    for answer in (text + secret, body(text + secret), [text], {"error": text + secret}, {"error": [secret]}):
        error = translate(status, headers, answer, now=NOW)
        assert isinstance(error, MomentumError)
        assert secret not in error.detail
