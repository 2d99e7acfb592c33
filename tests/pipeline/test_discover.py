"""What a comparison with the provider leaves in the database. The provider is scripted: its pages are the test's words."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from momentum.errors import ActionRequired, Conflict, ErrorCode, NotFound, NotReady, Permanent, Retry
from momentum.model import Account, Grant, Recording, RecordingFile
from momentum.pipeline.discover import Discovered, discover, discover_if_stale, discover_one, is_stale
from momentum.store import credentials, recordings

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SINCE, UNTIL = date(2026, 11, 1), date(2026, 11, 22)
GONE = Permanent(ErrorCode.RECORDING_NOT_FOUND, "None.")


def a_file(file_id="a", **changes):
    audio = RecordingFile(file_id, "audio", "M4A", "audio_only", "m4a", 10, NOW, NOW, ready=True, download_url="https://zoom.us/S3CRET")
    return replace(audio, **changes)


def a_recording(instance_id, day=10, files=(), **changes):
    started = datetime(2026, 11, day, 9, 0, tzinfo=UTC)
    one = Recording(instance_id, "81234567890", "Weekly", started, "Europe/Berlin", 60, 10, "h@example.org", files or (a_file(),))
    return replace(one, **changes)


@dataclass
class ScriptedProvider:
    """A provider whose list is given; an exception among the pages is raised there."""

    pages: list = field(default_factory=list)
    trash: list = field(default_factory=list)
    one: object = GONE
    name: str = "zoom"
    label: str = "Zoom"
    asked: list = field(default_factory=list)

    async def recordings(self, access, *, since, until, in_trash=False):
        self.asked.append((since, until, in_trash))
        for page in self.trash if in_trash else self.pages:
            if isinstance(page, Exception):
                raise page
            yield page

    async def recording(self, access, meeting_id):
        self.asked.append(meeting_id)
        if isinstance(self.one, Exception):
            raise self.one
        return self.one


@pytest.fixture
def connect(database, vault):
    """Connects a person, again if they were connected before."""

    async def connect(user_id, now=NOW):
        # What is sealed is struck out of every log line from then on: nothing that stands elsewhere as a word of its own.
        grant = Grant("access-of-the-discoverer", "refresh-of-the-discoverer", now + timedelta(hours=1))
        account = Account(f"zoom-{user_id}", "acct", None)
        async with database.person(user_id) as connection:
            await credentials.save(connection, vault, "zoom", user_id=user_id, grant=grant, account=account, now=now)

    return connect


@pytest.fixture
async def person(person, connect):
    """Somebody who is connected."""
    await connect(person)
    return person


@pytest.fixture
async def other_person(other_person, connect):
    """Somebody else who is connected."""
    await connect(other_person)
    return other_person


@pytest.fixture
def delete_all(database, vault, person):
    """The person disconnects and deletes what came from the provider."""

    async def delete_all():
        async with database.person(person) as connection:
            await credentials.remove(connection, vault, "zoom", person)
            await recordings.remove(connection, person, "zoom")

    return delete_all


@pytest.fixture
def look(database, person):
    """Compare with a provider; gives what changed."""

    async def look(provider, now=NOW, since=SINCE, until=UNTIL):
        return await discover(database, provider, None, person, since=since, until=until, now=now)

    return look


@pytest.fixture
def stored(database, person):
    """Instance ids that are in the list now."""

    async def stored(include_trash=False):
        async with database.person(person) as connection:
            page = await recordings.page(connection, person, "zoom", since=SINCE, until=UNTIL, size=100, include_trash=include_trash)
        return [row.instance_id for row in page.rows]

    return stored


async def test_new_changed_and_gone_are_told_apart(look, stored):
    a, b, c = (a_recording(name, day) for name, day in (("a", 10), ("b", 11), ("c", 12)))
    assert await look(ScriptedProvider([[a, b], [c]])) == Discovered(new=3, seen=3)
    assert await look(ScriptedProvider([[a, b, c]])) == Discovered(seen=3)
    assert await look(ScriptedProvider([[replace(a, topic="Renamed")], [b]])) == Discovered(changed=1, gone=1, seen=2)
    assert await stored() == ["b", "a"]
    assert await look(ScriptedProvider([[a, b, c]])) == Discovered(changed=2, seen=3)


async def test_links_that_go_stale_are_no_change(look):
    await look(ScriptedProvider([[a_recording("a")]]))
    fresh = a_recording("a", files=(a_file(download_url="https://zoom.us/other"),), download_token="another")
    assert await look(ScriptedProvider([[fresh]])) == Discovered(seen=1)


async def test_what_lies_outside_the_days_is_not_gone(look, stored):
    await look(ScriptedProvider([[a_recording("early", 2), a_recording("late", 20)]]))
    assert (await look(ScriptedProvider([[]]), since=date(2026, 11, 15), until=UNTIL)).gone == 1
    assert await stored() == ["early"]


async def test_the_trash_is_seen_too_and_keeps_its_place(look, stored):
    await look(ScriptedProvider([[a_recording("a"), a_recording("b")]]))
    trashed = ScriptedProvider([[a_recording("a")]], trash=[[a_recording("b", in_trash=True)]])
    assert await look(trashed) == Discovered(changed=1, seen=2)
    assert await stored() == ["a"]
    assert sorted(await stored(include_trash=True)) == ["a", "b"]


async def test_a_trash_that_may_not_be_seen_counts_as_empty(look, stored):
    forbidden = Permanent(ErrorCode.PROVIDER_FORBIDDEN, "No.")
    assert await look(ScriptedProvider([[a_recording("a")]], trash=[forbidden])) == Discovered(new=1, seen=1)


@pytest.mark.parametrize("where", ["pages", "trash"])
async def test_a_list_that_breaks_off_keeps_what_came_and_calls_nothing_gone(look, stored, where):
    await look(ScriptedProvider([[a_recording("old", 5)]]))
    away = Retry(ErrorCode.PROVIDER_UNAVAILABLE, "Away.")
    pages = [[a_recording("a")], away] if where == "pages" else [[a_recording("a")]]
    with pytest.raises(Retry):
        await look(ScriptedProvider(pages, trash=[away]))
    assert await stored() == ["a", "old"]


async def test_what_another_look_found_meanwhile_is_not_gone(look, stored):
    @dataclass
    class Overtaken(ScriptedProvider):
        async def recordings(self, access, *, since, until, in_trash=False):
            if not in_trash:  # a meeting ends, and somebody asks, while this list is on its way
                await look(ScriptedProvider([[a_recording("old=="), a_recording("new==")]]), now=NOW + timedelta(seconds=1))
            async for page in super().recordings(access, since=since, until=until, in_trash=in_trash):
                yield page

    assert (await look(Overtaken([[a_recording("old==")]]))).gone == 0
    assert sorted(await stored()) == ["new==", "old=="]


async def test_days_are_compared_again_only_after_a_while(database, person):
    provider = ScriptedProvider([[a_recording("a")]])

    async def look(now, since=SINCE, until=UNTIL):
        return await discover_if_stale(database, provider, None, person, since=since, until=until, now=now)

    assert (await look(NOW)).new == 1
    assert await look(NOW + timedelta(seconds=59)) is None
    assert await look(NOW + timedelta(seconds=59), since=date(2026, 11, 5)) is None
    assert (await look(NOW + timedelta(seconds=59), since=date(2026, 10, 5))).seen == 1
    assert (await look(NOW + timedelta(seconds=120))).seen == 1


async def test_a_list_that_broke_off_is_no_comparison(database, person):
    broken = ScriptedProvider([Retry(ErrorCode.PROVIDER_UNAVAILABLE, "Away.")])
    for _ in range(2):
        with pytest.raises(Retry):
            await discover_if_stale(database, broken, None, person, since=SINCE, until=UNTIL, now=NOW)


@pytest.mark.parametrize(
    ("last", "stale"),
    [
        (None, True),
        ((SINCE, UNTIL, NOW - timedelta(seconds=59)), False),
        ((SINCE, UNTIL, NOW - timedelta(seconds=60)), True),
        ((date(2026, 1, 1), date(2026, 12, 31), NOW), False),
        ((date(2026, 11, 2), UNTIL, NOW), True),
        ((SINCE, date(2026, 11, 21), NOW), True),
    ],
)
async def test_staleness_is_a_matter_of_days_and_seconds(last, stale):
    assert is_stale(last, SINCE, UNTIL, now=NOW) is stale


async def test_people_do_not_see_each_others_recordings(look, database, other_person):
    await look(ScriptedProvider([[a_recording("a")]]))
    await discover(database, ScriptedProvider([[]]), None, other_person, since=SINCE, until=UNTIL, now=NOW)
    async with database.person(other_person) as connection:
        assert await recordings.find(connection, other_person, "zoom", "a") is None
    assert (await look(ScriptedProvider([[a_recording("a")]]))) == Discovered(seen=1)


# --- a connection that ends meanwhile ---------------------------------------------------------------


@dataclass
class Interrupted(ScriptedProvider):
    """Something happens while its answer is on its way."""

    meanwhile: object = None

    async def recordings(self, access, *, since, until, in_trash=False):
        async for page in super().recordings(access, since=since, until=until, in_trash=in_trash):
            yield page
            await self.meanwhile()

    async def recording(self, access, meeting_id):
        await self.meanwhile()
        return await super().recording(access, meeting_id)


async def test_what_was_deleted_does_not_come_back_with_a_list_under_way(look, stored, delete_all):
    provider = Interrupted([[a_recording("a")], [a_recording("b")]], meanwhile=delete_all)
    with pytest.raises(ActionRequired) as ended:
        await look(provider)
    assert ended.value.code is ErrorCode.NOT_CONNECTED
    assert await stored() == []


async def test_what_was_deleted_does_not_come_back_with_the_end_of_a_list(look, stored, delete_all, database, person):
    with pytest.raises(ActionRequired):
        await look(Interrupted([[a_recording("a")]], meanwhile=delete_all))
    async with database.person(person) as connection:
        assert await recordings.last_discovery(connection, person, "zoom") is None


async def test_what_was_deleted_does_not_come_back_with_one_recording(stored, delete_all, database, person):
    provider = Interrupted(one=a_recording("abcd=="), meanwhile=delete_all)
    with pytest.raises(ActionRequired):
        await discover_one(database, provider, None, person, meeting_id="abcd==", now=NOW)
    assert await stored() == []


async def test_a_list_of_the_former_connection_is_not_stored_under_the_next(look, stored, delete_all, connect, person):
    async def again():
        await delete_all()
        await connect(person, NOW + timedelta(seconds=1))

    with pytest.raises(Conflict):
        await look(Interrupted([[a_recording("a")], [a_recording("b")]], meanwhile=again))
    assert await stored() == []


async def test_who_disconnects_waits_for_a_page_that_is_being_stored(database, person, delete_all, stored):
    async with database.person(person) as connection:
        assert await credentials.stands(connection, "zoom", person) == NOW
        deleting = asyncio.create_task(delete_all())
        await asyncio.wait([deleting], timeout=0.3)
        assert not deleting.done()
        await recordings.upsert(connection, person, "zoom", [a_recording("a")], now=NOW)
    await deleting
    assert await stored() == []


async def test_a_page_is_stored_while_a_token_is_renewed(database, vault, person):
    async with database.person(person) as renewing, database.person(person) as storing:
        await credentials.get(renewing, vault, "zoom", person, lock=True)
        async with asyncio.timeout(5):
            assert await credentials.stands(storing, "zoom", person) == NOW


# --- one recording --------------------------------------------------------------------------------


async def test_one_recording_is_read_and_stored_in_any_encoding(database, person):
    provider = ScriptedProvider(one=a_recording("/a//bC+dE=="))
    row = await discover_one(database, provider, None, person, meeting_id="%252Fa%252F%252FbC%252BdE%253D%253D", now=NOW)
    assert (row.instance_id, row.topic, len(row.files)) == ("/a//bC+dE==", "Weekly", 1)
    assert provider.asked == ["/a//bC+dE=="]


async def test_reading_one_is_no_change_of_the_list(look, database, person):
    await look(ScriptedProvider([[a_recording("abcd==")]]))
    own = a_file("p", kind="participant_audio", participant="Jane")
    provider = ScriptedProvider([[a_recording("abcd==")]], one=a_recording("abcd==", files=(a_file(), own), download_token="dt"))
    await discover_one(database, provider, None, person, meeting_id="abcd==", now=NOW)
    assert await look(provider) == Discovered(seen=1)


@pytest.mark.parametrize(
    ("ended", "ready", "outcome"),
    [
        (NOW - timedelta(hours=1), False, NotReady),
        (NOW - timedelta(hours=25), False, Permanent),
        (NOW - timedelta(hours=1), True, Permanent),
        (datetime.max.replace(tzinfo=UTC), False, NotReady),
    ],
)
async def test_a_listed_recording_that_was_never_ready_is_not_gone_yet(database, person, ended, ready, outcome):
    young = a_recording("abcd==", 22, files=(a_file(ended_at=ended, ready=ready),))
    await discover(database, ScriptedProvider([[young]]), None, person, since=SINCE, until=UNTIL, now=NOW)
    with pytest.raises(outcome):
        await discover_one(database, ScriptedProvider(one=GONE), None, person, meeting_id="abcd==", now=NOW)


async def test_an_unknown_meeting_and_what_is_no_meeting(database, person):
    provider = ScriptedProvider(one=GONE)
    with pytest.raises(Permanent):
        await discover_one(database, provider, None, person, meeting_id="99999999999", now=NOW)
    with pytest.raises(NotFound):
        await discover_one(database, provider, None, person, meeting_id="../etc/passwd", now=NOW)
    assert provider.asked == ["99999999999"]
