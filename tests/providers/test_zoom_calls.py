"""What Zoom may answer to a call, and what we make of it."""

from datetime import UTC, datetime, timedelta

import pytest

from momentum.errors import ActionRequired, ErrorCode, NotReady, Permanent, Retry
from momentum.model import ConnectionState

pytestmark = pytest.mark.anyio

ME = "/v2/users/me"
LIST = "/v2/users/me/recordings"
ONE = "/v2/meetings/81234567890/recordings"
PAST = "/v2/past_meetings/81234567890"
USER = {"id": "u", "email": "a@example.org", "account_id": "acc", "type": 2}
EXPIRED = (401, {"code": 124, "message": "Access token is expired."})
NO_SCOPES = "Invalid access token, does not contain scopes:[cloud_recording:read:list_user_recordings, x:y]."
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


def bearer(request):
    return request.headers["authorization"]


async def test_every_call_is_paced_by_account_and_label(world):
    world.vendor.answers(ME, USER)
    world.vendor.answers(LIST, {"meetings": []})
    await world.zoom.account(world.tokens)
    async for _ in world.zoom.recordings(world.tokens, since=world.now.date(), until=world.now.date()):
        pass
    assert world.limiter.waits == [("zoom:acct:light", 18.75, None), ("zoom:acct:medium", 12.5, None)]


async def test_a_refused_token_is_replaced_once_and_the_call_repeated(world):
    world.vendor.answers(ME, EXPIRED, USER)
    assert (await world.zoom.account(world.tokens)).user_id == "u"
    assert world.tokens.replaced == ["token-1"]
    assert [bearer(request) for request in world.vendor.seen] == ["Bearer token-1", "Bearer token-2"]


async def test_a_token_refused_twice_suspends_the_connection(world):
    world.vendor.answers(ME, EXPIRED)
    with pytest.raises(ActionRequired) as refused:
        await world.zoom.account(world.tokens)
    assert refused.value.code is ErrorCode.RECONNECT_REQUIRED
    assert [state for state, _ in world.tokens.suspended] == [ConnectionState.RECONNECT_REQUIRED]
    assert len(world.vendor.seen) == 2


@pytest.mark.parametrize("status_and_code", [(400, 4711), (400, 4700), (401, 201), (200, 4711)])
async def test_a_missing_scope_is_named_and_never_tried_again(world, status_and_code):
    status, code = status_and_code
    world.vendor.answers(ME, (status, {"code": code, "message": NO_SCOPES}))
    with pytest.raises(ActionRequired) as refused:
        await world.zoom.account(world.tokens)
    assert refused.value.code is ErrorCode.SCOPE_MISSING
    assert "cloud_recording:read:list_user_recordings x:y" in refused.value.detail
    assert [state for state, _ in world.tokens.suspended] == [ConnectionState.SCOPE_MISSING]
    assert world.tokens.lacking == ("cloud_recording:read:list_user_recordings", "x:y")
    assert (len(world.vendor.seen), world.tokens.replaced) == (1, [])


@pytest.mark.parametrize("answer", [(404, {"code": 1001, "message": "El usuario no existe"}), (400, {"code": 1010, "message": "?"})])
async def test_a_user_that_is_gone_has_to_connect_again(world, answer):
    world.vendor.answers(ME, answer)
    with pytest.raises(ActionRequired) as refused:
        await world.zoom.account(world.tokens)
    assert refused.value.code is ErrorCode.RECONNECT_REQUIRED


FORBIDDEN = [
    (403, {"message": "x"}),
    (200, {"code": 200, "message": "Sin permiso"}),
    (400, {"code": 200, "message": "Only paid"}),
]


@pytest.mark.parametrize("answer", FORBIDDEN)
async def test_an_account_without_the_right_is_suspended(world, answer):
    world.vendor.answers(LIST, answer)
    with pytest.raises(ActionRequired) as refused:
        async for _ in world.zoom.recordings(world.tokens, since=world.now.date(), until=world.now.date()):
            pass
    assert refused.value.code is ErrorCode.PROVIDER_FORBIDDEN
    assert refused.value.detail.endswith("then connect Zoom again.")
    assert world.tokens.suspended == [(ConnectionState.FORBIDDEN, refused.value.detail)]


@pytest.mark.parametrize("answer", FORBIDDEN)
async def test_one_recording_without_the_right_leaves_the_connection_alone(world, answer):
    world.vendor.answers(ONE, answer)
    with pytest.raises(Permanent) as refused:
        await world.zoom.recording(world.tokens, "81234567890")
    assert refused.value.code is ErrorCode.PROVIDER_FORBIDDEN
    assert world.tokens.suspended == []


async def test_without_the_right_to_a_download_token_the_files_are_read_all_the_same(world):
    world.vendor.answers(ONE, FORBIDDEN[1], {"uuid": "u==", "recording_files": [a_file()]})
    assert (await world.zoom.recording(world.tokens, "81234567890")).download_token is None
    assert world.vendor.asked(ONE) == [{"include_fields": "download_access_token"}, {}]


# --- too fast, too often --------------------------------------------------------------------------

TOO_MANY = {"code": 429, "message": "¡Demasiadas peticiones!"}
QPS = {"X-RateLimit-Type": "QPS", "X-RateLimit-Category": "Light", "X-RateLimit-Remaining": "5893"}


@pytest.mark.parametrize("headers", [QPS, {}, {"Retry-After": "2"}])
async def test_too_fast_pauses_every_process_and_goes_on(world, headers):
    world.vendor.answers(ME, (429, TOO_MANY, headers), USER)
    assert (await world.zoom.account(world.tokens)).user_id == "u"
    seconds = 2 if "Retry-After" in headers else 1
    assert world.limiter.pauses == [("zoom:acct:light", world.now + timedelta(seconds=seconds))]
    assert len(world.limiter.waits) == 2


async def test_too_fast_for_ever_is_given_back_after_a_few_tries(world):
    world.vendor.answers(ME, (429, TOO_MANY, QPS))
    with pytest.raises(Retry) as slow:
        await world.zoom.account(world.tokens)
    assert (slow.value.code, slow.value.after) == (ErrorCode.PROVIDER_RATE_LIMITED, 60)
    assert len(world.vendor.seen) == 4
    assert world.limiter.back_offs == []


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(60.0, ErrorCode.PROVIDER_RATE_LIMITED), (900.0, ErrorCode.PROVIDER_RATE_LIMITED), (43200.0, ErrorCode.PROVIDER_DAILY_LIMIT)],
)
async def test_a_refusal_that_lasts_and_gives_no_reason_makes_the_pause_grow(world, seconds, code):
    world.vendor.answers(ME, (429, TOO_MANY))
    world.limiter.backs_off = seconds
    with pytest.raises(Retry) as slow:
        await world.zoom.account(world.tokens)
    assert (slow.value.code, slow.value.after, len(world.vendor.seen)) == (code, seconds, 4)
    assert (world.limiter.back_offs, world.limiter.eased) == (["zoom:acct:light"], [])


async def test_a_call_that_goes_well_is_told_to_the_limiter(world):
    world.vendor.answers(ME, (429, TOO_MANY), USER)
    await world.zoom.account(world.tokens)
    assert (world.limiter.back_offs, world.limiter.eased) == ([], ["zoom:acct:light"])


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({"X-RateLimit-Type": "Daily-limit", "Retry-After": "2026-11-23T00:00:00Z"}, MIDNIGHT),
        ({"X-RateLimit-Type": "Daily-limit", "Retry-After": "43200"}, MIDNIGHT),
        ({"X-RateLimit-Type": "Daily-limit"}, MIDNIGHT),
        ({"X-RateLimit-Type": "Daily-limit", "Retry-After": "2020-05-31T00:00:00Z"}, MIDNIGHT),
        ({"X-RateLimit-Remaining": "0"}, MIDNIGHT),
        ({"X-RateLimit-Type": "Daily-limit", "Retry-After": "2026-11-22T18:00:00Z"}, MIDNIGHT - timedelta(hours=6)),
    ],
)
async def test_a_used_up_day_parks_the_label_for_all(world, headers, until):
    world.vendor.answers(ME, (429, TOO_MANY, headers))
    with pytest.raises(Retry) as parked:
        await world.zoom.account(world.tokens)
    assert (parked.value.code, parked.value.after) == (ErrorCode.PROVIDER_DAILY_LIMIT, (until - world.now).total_seconds())
    assert world.limiter.pauses == [("zoom:acct:light", until)]
    assert len(world.vendor.seen) == 1


async def test_a_long_wait_without_a_kind_is_given_back_at_once(world):
    world.vendor.answers(ME, (429, TOO_MANY, {"Retry-After": "600"}))
    with pytest.raises(Retry) as slow:
        await world.zoom.account(world.tokens)
    assert (slow.value.code, slow.value.after, len(world.vendor.seen)) == (ErrorCode.PROVIDER_RATE_LIMITED, 600, 1)


GATEWAY = [
    *((status, "<html>") for status in (301, 302, 307, 400, 401, 403, 404, 500)),
    *((status, "") for status in (302, 403, 502)),
    (200, "<html>gateway</html>"),
    (403, ["x"]),
    (302, {"code": 1, "message": "x"}),
    (503, {"code": 1, "message": "x"}),
    (200, None),
]


@pytest.mark.parametrize("bad", GATEWAY)
async def test_an_absent_zoom_is_tried_again_with_growing_pauses(world, bad):
    world.vendor.answers(ME, bad, bad, USER)
    assert (await world.zoom.account(world.tokens)).user_id == "u"
    assert world.slept == [0.5, 2.0]


async def test_an_absence_that_lasts_is_given_back(world):
    world.vendor.answers(ME, (500, "<html>"))
    with pytest.raises(Retry) as away:
        await world.zoom.account(world.tokens)
    assert (away.value.code, world.slept, len(world.vendor.seen)) == (ErrorCode.PROVIDER_UNAVAILABLE, [0.5, 2.0, 5.0], 4)


async def test_an_absence_with_a_return_is_not_waited_for_here(world):
    world.vendor.answers(ME, (503, "", {"Retry-After": "120"}))
    with pytest.raises(Retry) as away:
        await world.zoom.account(world.tokens)
    assert (away.value.after, world.slept) == (120, [])


@pytest.mark.parametrize("answer", [(400, {"code": 300, "message": "?"}), (400, {}), (422, {"code": 4711, "message": "otra cosa"})])
async def test_other_refusals_are_permanent_and_carry_the_number_for_support(world, answer):
    world.vendor.answers(ME, (*answer, {"x-zm-trackingid": "v=2.0;clid=us02;rid=WEB_1"}))
    with pytest.raises(Permanent) as refused:
        await world.zoom.account(world.tokens)
    assert refused.value.code is ErrorCode.PROVIDER_ANSWER_INVALID
    assert refused.value.__notes__ == ["x-zm-trackingid: v=2.0;clid=us02;rid=WEB_1"]


# --- one recording --------------------------------------------------------------------------------


def a_file(**changes):
    file = {"id": "f", "file_type": "M4A", "recording_type": "audio_only", "status": "completed", "download_url": "https://zoom.us/x"}
    return {**file, "recording_start": "2026-11-20T10:00:00Z", "recording_end": "2026-11-20T11:00:00Z", **changes}


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/a//bC+dE==", "/v2/meetings/%252Fa%252F%252FbC%252BdE%253D%253D/recordings"),
        ("%252Fa%252F%252FbC%252BdE%253D%253D", "/v2/meetings/%252Fa%252F%252FbC%252BdE%253D%253D/recordings"),
        ("abc+d==", "/v2/meetings/abc%2Bd%3D%3D/recordings"),
        ("812 3456 7890", ONE),
    ],
)
async def test_an_instance_is_asked_for_by_its_encoded_id(world, asked, path):
    world.vendor.answers(path, {"uuid": "u==", "id": 81234567890, "download_access_token": "dt", "recording_files": [a_file()]})
    recording = await world.zoom.recording(world.tokens, asked)
    assert (recording.download_token, recording.files[0].download_url) == ("dt", "https://zoom.us/x")


NONE = (404, {"code": 3301, "message": "No hay ninguna grabación"})


@pytest.mark.parametrize(
    ("ended", "outcome", "code"),
    [
        ("2026-11-22T11:30:00Z", NotReady, ErrorCode.RECORDING_NOT_READY),
        ("2026-11-21T12:30:00Z", NotReady, ErrorCode.RECORDING_NOT_READY),
        ("2026-11-21T11:30:00Z", Permanent, ErrorCode.RECORDING_NOT_FOUND),
        ("", Permanent, ErrorCode.RECORDING_NOT_FOUND),
    ],
)
async def test_no_recording_means_not_yet_for_a_day_after_the_meeting(world, ended, outcome, code):
    world.vendor.answers(ONE, NONE)
    world.vendor.answers(PAST, {"id": 1, "uuid": "u", "end_time": ended})
    with pytest.raises(outcome) as error:
        await world.zoom.recording(world.tokens, "81234567890")
    assert error.value.code is code


@pytest.mark.parametrize("answer", [(400, {"code": 4711, "message": NO_SCOPES}), (404, {"code": 3001, "message": "?"}), (403, {})])
async def test_when_zoom_does_not_say_when_it_ended_there_is_none(world, answer):
    world.vendor.answers(ONE, NONE)
    world.vendor.answers(PAST, answer)
    with pytest.raises(Permanent) as error:
        await world.zoom.recording(world.tokens, "81234567890")
    assert error.value.code is ErrorCode.RECORDING_NOT_FOUND
    assert world.tokens.suspended == []


@pytest.mark.parametrize(
    "answer", [(404, {"code": 3001, "message": "?"}), (404, {"code": 1001, "message": "?"}), (400, {"code": 1010, "message": "?"})]
)
async def test_a_meeting_of_nobody_or_of_others_is_not_there(world, answer):
    world.vendor.answers(ONE, answer)
    with pytest.raises(Permanent) as error:
        await world.zoom.recording(world.tokens, "81234567890")
    assert error.value.code is ErrorCode.RECORDING_NOT_FOUND
    assert world.tokens.suspended == []


async def test_what_is_no_meeting_id_asks_nobody(world):
    with pytest.raises(Permanent) as error:
        await world.zoom.recording(world.tokens, "../users/me")
    assert (error.value.code, world.vendor.seen) == (ErrorCode.RECORDING_NOT_FOUND, [])


LATER = {"id": "g", "recording_start": "2026-11-20T12:00:00Z", "recording_end": ""}


@pytest.mark.parametrize(
    "files",
    [
        [a_file(file_type="", status="processing", download_url=None)],
        [a_file(status="processing")],
        [a_file(), a_file(**LATER, file_type="", status="processing")],
        [a_file(file_type="TRANSCRIPT", recording_type="audio_transcript"), a_file(**LATER, status="processing")],
    ],
)
async def test_a_set_that_cannot_be_heard_yet_is_waited_for(world, files):
    world.vendor.answers(ONE, {"uuid": "u==", "recording_files": files})
    with pytest.raises(NotReady):
        await world.zoom.recording(world.tokens, "81234567890")


@pytest.mark.parametrize(
    "files",
    [
        [a_file(), a_file(id="g", file_type="MP4", status="processing")],
        [a_file(), a_file(id="t", file_type="TRANSCRIPT", status="processing")],
        [a_file(file_type="TRANSCRIPT", recording_type="audio_transcript")],
    ],
)
async def test_what_can_be_heard_is_given_though_other_files_are_to_come(world, files):
    world.vendor.answers(ONE, {"uuid": "u==", "recording_files": files})
    assert len((await world.zoom.recording(world.tokens, "81234567890")).files) == len(files)


async def test_a_meeting_without_files_is_waited_for_only_while_it_is_young(world):
    world.vendor.answers(
        ONE,
        {"uuid": "u==", "recording_files": [], "start_time": "2026-11-22T11:00:00Z"},
        {"uuid": "u==", "start_time": "2026-11-01T11:00:00Z"},
    )
    with pytest.raises(NotReady):
        await world.zoom.recording(world.tokens, "81234567890")
    assert (await world.zoom.recording(world.tokens, "81234567890")).files == ()


async def test_an_answer_without_an_id_is_refused(world):
    world.vendor.answers(ONE, {"topic": "x", "recording_files": []})
    with pytest.raises(Permanent) as error:
        await world.zoom.recording(world.tokens, "81234567890")
    assert error.value.code is ErrorCode.PROVIDER_ANSWER_INVALID
