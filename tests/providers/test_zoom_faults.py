"""Zoom's faults, one after the other, at the sandbox's switches."""

from datetime import timedelta

import pytest

from momentum.errors import ActionRequired, ErrorCode, NotReady, Permanent, Retry
from momentum.providers.filesets import best_source, file_sets, gaps

pytestmark = pytest.mark.anyio

PLANNING = "pL4n+Spring7Release3Q1=="


async def listed(zoom, tokens, back=60):
    today = zoom.sandbox.now().date()
    pages = zoom.provider.recordings(tokens, since=today - timedelta(days=back), until=today)
    return [recording async for page in pages for recording in page]


HARMLESS = {
    "clamp": {},
    "empty_page_with_token": {"count": 1},
    "numbers_as_strings": {},
    "missing_fields": {},
    "series_start_time": {},
    "wrong_recording_count": {},
    "unknown_file_type": {},
    "participant_audio": {},
    "several_sets": {},
    "token_expired": {"count": 1},
    "server_error": {"count": 2},
    "drop_connection": {"count": 1},
    "rate_limit_second": {"count": 2},
    "rate_limit_user": {"count": 1},
}


@pytest.mark.parametrize("fault", HARMLESS)
async def test_the_list_is_whole_in_spite_of(zoom, fault):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set(fault, **HARMLESS[fault])
    found = await listed(zoom, tokens)
    assert zoom.sandbox.faults.fired[fault]
    assert sorted(one.instance_id for one in found) == sorted(zoom.recorded)
    assert all(one.meeting_number == zoom.recorded[one.instance_id] and one.duration_minutes for one in found)
    assert tokens.suspended == []


@pytest.mark.parametrize("deaths", [0, 1])
async def test_more_than_a_page_is_followed_though_a_token_dies(busy_zoom, deaths):
    tokens = await busy_zoom.connected()
    if deaths:
        busy_zoom.sandbox.faults.set("page_token_expired", count=deaths)
    found = await listed(busy_zoom, tokens, back=100)
    assert any("next_page_token" in request.query for request in busy_zoom.sandbox.requests)
    assert sorted(one.instance_id for one in found) == sorted(busy_zoom.recorded)


@pytest.mark.parametrize("reject", ["invalid_token", "admin_disabled", "user_removed"])
async def test_a_connection_that_ended_at_zoom_asks_for_the_person_without_a_loop(zoom, reject):
    tokens = await zoom.connected()
    before = len(zoom.sandbox.requests)
    zoom.sandbox.faults.set(reject)
    with pytest.raises(ActionRequired) as refused:
        await zoom.provider.account(tokens)
    assert refused.value.code is ErrorCode.RECONNECT_REQUIRED
    assert len(zoom.sandbox.requests) - before <= 3


async def test_a_second_consent_ends_the_first_connection(zoom):
    first, second = await zoom.connected(), await zoom.connected()
    with pytest.raises(ActionRequired) as ended:
        await zoom.provider.account(first)
    assert ended.value.code is ErrorCode.RECONNECT_REQUIRED
    assert (await zoom.provider.account(second)).email


async def test_a_refresh_whose_answer_was_lost_needs_the_person(zoom):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set("lost_refresh_response", count=1)
    with pytest.raises(Retry):
        await zoom.provider.refresh(tokens.grant.refresh_token)
    with pytest.raises(ActionRequired) as lost:
        await zoom.provider.refresh(tokens.grant.refresh_token)
    assert lost.value.code is ErrorCode.RECONNECT_REQUIRED


@pytest.mark.parametrize("code", [4711, 4700, 201])
async def test_a_missing_scope_is_told_in_a_foreign_language_too(zoom, code):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set("scope_missing", code=code, scope="cloud_recording:read:list_user_recordings")
    with pytest.raises(ActionRequired) as refused:
        await listed(zoom, tokens)
    assert refused.value.code is ErrorCode.SCOPE_MISSING
    assert "cloud_recording:read:list_user_recordings" in refused.value.detail


async def test_a_grant_without_scopes_lacks_nothing_that_we_know_of(zoom):
    zoom.sandbox.faults.set("scope_absent", count=1)
    tokens = await zoom.connected()
    assert tokens.grant.scopes == ()
    assert zoom.provider.missing_scopes(tokens.grant.scopes) == ()


@pytest.mark.parametrize("headers", ["iso", "seconds"])
async def test_a_used_up_day_pauses_until_midnight(zoom, headers):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set("rate_limit_daily", headers=headers)
    with pytest.raises(Retry) as parked:
        await zoom.provider.account(tokens)
    assert parked.value.code is ErrorCode.PROVIDER_DAILY_LIMIT
    midnight = zoom.sandbox.now().replace(hour=0) + timedelta(days=1)
    assert zoom.limiter.pauses[-1] == ("zoom:acct:light", midnight)


async def test_a_used_up_day_without_headers_is_one_pause_more_for_all(zoom):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set("rate_limit_daily", headers="none")
    with pytest.raises(Retry) as slow:
        await zoom.provider.account(tokens)
    assert slow.value.code is ErrorCode.PROVIDER_RATE_LIMITED
    assert zoom.limiter.back_offs == ["zoom:acct:light"]


async def test_a_429_of_one_user_without_headers_is_given_back_after_a_few_tries(zoom):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set("rate_limit_user")
    with pytest.raises(Retry) as slow:
        await zoom.provider.account(tokens)
    assert (slow.value.code, zoom.sandbox.faults.fired["rate_limit_user"]) == (ErrorCode.PROVIDER_RATE_LIMITED, 4)


async def test_no_recording_is_not_yet_for_a_day(zoom):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set("processing_3301")
    zoom.sandbox.faults.set("localised")
    with pytest.raises(Permanent) as gone:
        await zoom.provider.recording(tokens, PLANNING)
    assert gone.value.code is ErrorCode.RECORDING_NOT_FOUND
    zoom.sandbox.advance(-12 * 3600)
    with pytest.raises(NotReady):
        await zoom.provider.recording(tokens, PLANNING)


async def test_a_recording_ripens(zoom):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set("ripening", stage="processing")
    with pytest.raises(NotReady):
        await zoom.provider.recording(tokens, PLANNING)
    zoom.sandbox.faults.set("ripening", stage="no_transcript")
    young = await zoom.provider.recording(tokens, PLANNING)
    zoom.sandbox.faults.clear()
    ripe = await zoom.provider.recording(tokens, PLANNING)
    assert "transcript" not in {file.kind for file in young.files}
    assert "transcript" in {file.kind for file in ripe.files}


async def test_stop_and_start_are_two_sets_with_a_gap(zoom):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set("several_sets")
    sets = file_sets((await zoom.provider.recording(tokens, PLANNING)).files)
    assert len(sets) == 2
    assert [gap.end - gap.start for gap in gaps(sets)] == [pytest.approx(95, abs=2)]
    assert all(best_source(one.files).recording_type == "audio_only" for one in sets)


async def test_without_an_audio_file_the_video_is_heard(zoom):
    tokens = await zoom.connected()
    with_video = {one.instance_id for one in await listed(zoom, tokens) if any(file.kind == "video" for file in one.files)}
    zoom.sandbox.faults.set("no_audio_only_file")
    for instance_id in sorted(with_video)[:3]:
        recording = await zoom.provider.recording(tokens, instance_id)
        assert best_source(recording.files).kind == "video"


async def test_each_participants_audio_has_a_name_and_is_never_the_source(zoom):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set("participant_audio")
    recording = await zoom.provider.recording(tokens, PLANNING)
    own = [file for file in recording.files if file.kind == "participant_audio"]
    assert own
    assert all(file.participant for file in own)
    assert best_source(recording.files) not in own


async def test_an_outlived_access_token_is_refreshed_once(zoom):
    tokens = await zoom.connected()
    zoom.sandbox.advance(2 * 3600)
    assert (await zoom.provider.account(tokens)).email
    assert len(tokens.replaced) == 1
