"""What every provider promises, tried against a vendor of its own."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from momentum.errors import ActionRequired, ErrorCode, Invalid, Permanent, Retry
from momentum.outbound.client import ApiClient
from momentum.providers import PROVIDERS, private_hosts
from momentum.providers.oauth import challenge_of
from momentum.settings import Settings

pytestmark = pytest.mark.anyio


async def listed(vendor, tokens, **options):
    today = vendor.sandbox.now().date()
    days = {"since": today - timedelta(days=60), "until": today, **options}
    return [recording async for page in vendor.provider.recordings(tokens, **days) for recording in page]


async def test_every_provider_has_a_counterpart(counterparts):
    assert counterparts.keys() == PROVIDERS.keys()


async def test_a_provider_exists_once_its_app_is_set_up(counterparts):
    async with ApiClient() as client:
        for name, factory in PROVIDERS.items():
            secrets = {f"{name}_client_id": "id", f"{name}_client_secret": "secret"}
            assert factory(Settings(_env_file=None, **dict.fromkeys(secrets)), client, None, None) is None
            provider = factory(Settings(_env_file=None, **secrets), client, None, None)
            assert (provider.name, provider.label.lower(), provider.private_hosts) == (name, name, frozenset())
    assert private_hosts(Settings(_env_file=None)) == frozenset()


async def test_a_configured_base_may_be_private_and_receives_tokens(vendor):
    assert vendor.provider.private_hosts == {"127.0.0.1"}
    assert "127.0.0.1" in vendor.provider.token_hosts
    assert all(host.startswith(".") or host in vendor.provider.private_hosts for host in vendor.provider.token_hosts)


async def test_the_address_of_consent_carries_state_and_challenge(vendor):
    query = parse_qs(urlsplit(vendor.provider.authorize_url(state="s", challenge=challenge_of("v" * 43))).query)
    assert (query["state"], query["code_challenge"], query["code_challenge_method"]) == (["s"], [challenge_of("v" * 43)], ["S256"])


async def test_consent_gives_a_grant_with_all_that_is_needed(vendor):
    back = await vendor.consent("my-state", "v" * 64)
    grant = await vendor.provider.exchange(code=back["code"], verifier="v" * 64)
    assert back["state"] == "my-state"
    assert grant.expires_at > vendor.sandbox.now()
    assert vendor.provider.missing_scopes(grant.scopes) == ()
    assert vendor.provider.missing_scopes(("unrelated",)) != ()


async def test_a_code_is_good_once_and_only_with_its_verifier(vendor):
    for verifier, times in (("w" * 64, 1), ("v" * 64, 2)):
        code = (await vendor.consent("s", "v" * 64))["code"]
        if times == 2:
            await vendor.provider.exchange(code=code, verifier=verifier)
        with pytest.raises(Invalid) as refused:
            await vendor.provider.exchange(code=code, verifier=verifier)
        assert refused.value.code is ErrorCode.CODE_INVALID


async def test_the_account_is_the_same_at_every_connection(vendor):
    first = await vendor.provider.account(await vendor.connected())
    again = await vendor.provider.account(await vendor.connected())
    assert first.user_id == again.user_id
    assert first.email
    assert first.account_id


async def test_a_refreshed_grant_works_and_the_former_is_dead(vendor):
    tokens = await vendor.connected()
    former = tokens.grant
    fresh = await vendor.provider.refresh(former.refresh_token)
    assert fresh.access_token != former.access_token
    with pytest.raises(ActionRequired) as dead:
        await vendor.provider.refresh(former.refresh_token)
    assert dead.value.code is ErrorCode.RECONNECT_REQUIRED


async def test_a_revoked_grant_is_over_and_may_be_revoked_again(vendor):
    tokens = await vendor.connected()
    await vendor.provider.revoke(tokens.access_token)
    await vendor.provider.revoke(tokens.access_token)
    with pytest.raises(ActionRequired):
        await vendor.provider.account(tokens)


async def test_every_recording_is_listed_once_newest_window_first(vendor):
    found = await listed(vendor, await vendor.connected())
    assert sorted(one.instance_id for one in found) == sorted(vendor.recorded)
    assert not any(one.in_trash for one in found)
    assert all(file.ready and file.kind for one in found for file in one.files)


async def test_only_the_days_asked_for_are_listed(vendor):
    tokens, today = await vendor.connected(), vendor.sandbox.now().date()
    day = today - timedelta(days=2)
    found = await listed(vendor, tokens, since=day, until=day)
    assert found
    assert {one.started_at.date() for one in found} == {day}
    assert await listed(vendor, tokens, since=today, until=day) == []


async def test_the_trash_is_a_list_of_its_own(vendor):
    found = await listed(vendor, await vendor.connected(), in_trash=True)
    assert {one.instance_id for one in found} == vendor.trashed
    assert all(one.in_trash for one in found)


async def test_each_recording_can_be_read_by_its_instance_id(vendor):
    tokens = await vendor.connected()
    for one in await listed(vendor, tokens):
        read = await vendor.provider.recording(tokens, one.instance_id)
        assert (read.instance_id, read.topic, read.started_at) == (one.instance_id, one.topic, one.started_at)
        assert all(file.download_url for file in read.files)
        assert {file.file_id for file in one.files} == {file.file_id for file in read.files}


async def test_a_meeting_number_means_its_latest_instance(vendor):
    tokens = await vendor.connected()
    found = await listed(vendor, tokens)
    for number in set(vendor.recorded.values()):
        latest = max((one for one in found if one.meeting_number == number), key=lambda one: one.started_at)
        assert (await vendor.provider.recording(tokens, number)).instance_id == latest.instance_id


async def test_unknown_meetings_and_those_of_others_are_not_there(vendor):
    tokens = await vendor.connected()
    for meeting_id in ("99999999999", "noSuchMeeting+Here0000==", "../../oauth/token", *vendor.of_others):
        with pytest.raises(Permanent) as missing:
            await vendor.provider.recording(tokens, meeting_id)
        assert missing.value.code is ErrorCode.RECORDING_NOT_FOUND
    assert tokens.suspended == []


async def test_an_absent_vendor_is_a_passing_fault(vendor):
    tokens = await vendor.connected()
    vendor.away()
    for call in (vendor.provider.account(tokens), vendor.provider.recording(tokens, "99999999999"), listed(vendor, tokens)):
        with pytest.raises(Retry):
            await call
    assert tokens.suspended == []
