import asyncio
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import event

from momentum.errors import Invalid
from momentum.store import recordings
from momentum.store.recordings import Changes

pytestmark = pytest.mark.anyio

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


@pytest.fixture
def upsert(database, person, now):
    async def run(*found, at=now, user_id=person):
        async with database.person(user_id) as connection:
            return await recordings.upsert(connection, user_id, "zoom", found, now=at)

    return run


@pytest.fixture
def page(database, person):
    async def run(user_id=person, since=TODAY, until=TODAY, size=100, **values):
        async with database.person(user_id) as connection:
            return await recordings.page(connection, user_id, "zoom", since=since, until=until, size=size, **values)

    return run


@pytest.fixture
def find(database, person):
    async def run(meeting_id, user_id=person):
        async with database.person(user_id) as connection:
            return await recordings.find(connection, user_id, "zoom", meeting_id)

    return run


async def test_new_then_seen_then_changed(upsert, a_recording, now, find):
    first = a_recording()

    assert await upsert(first) == Changes(new=1, changed=0, seen=1)
    assert await upsert(first, at=now + DAY) == Changes(new=0, changed=0, seen=1)
    assert (await find("uuid-1==")).changed_at == now
    assert await upsert(replace(first, topic="Other"), at=now + DAY) == Changes(new=0, changed=1, seen=1)
    assert ((await find("uuid-1==")).changed_at, (await find("uuid-1==")).topic) == (now + DAY, "Other")


async def test_what_goes_stale_is_neither_stored_nor_a_change(upsert, a_recording, a_file, owner_dsn):
    await upsert(a_recording())
    fresh = a_recording(download_token="other-secret-token", files=(a_file(download_url="https://zoom.example/other-secret-url"),))

    assert await upsert(fresh) == Changes(seen=1)
    with psycopg.connect(owner_dsn) as owner:
        rows = owner.execute("select r::text || f::text from recordings r join recording_files f on f.recording_id = r.id").fetchall()
    assert len(rows) == 1
    assert "secret" not in rows[0][0]


async def test_the_order_of_files_is_no_change_and_a_file_twice_is_one(upsert, a_recording, a_file, find):
    one, two = a_file("f1"), a_file("f2", kind="transcript")
    await upsert(a_recording(files=(one, two)))

    assert await upsert(a_recording(files=(two, one, two))) == Changes(seen=1)
    assert [file.file_id for file in (await find("uuid-1==")).files] == ["f1", "f2"]


async def test_files_come_change_go_and_come_back(upsert, a_recording, a_file, find, owner_dsn):
    await upsert(a_recording(files=(a_file("f1"), a_file("f2", ready=False))))
    await upsert(a_recording(files=(a_file("f2", ready=True), a_file("f3"))))
    assert [(file.file_id, file.ready) for file in (await find("uuid-1==")).files] == [("f2", True), ("f3", True)]
    with psycopg.connect(owner_dsn) as owner:
        assert owner.execute("select file_id from recording_files where gone_at is not null").fetchall() == [("f1",)]

    await upsert(a_recording(files=(a_file("f1"),)))
    assert [file.file_id for file in (await find("uuid-1==")).files] == ["f1"]


async def test_a_file_comes_back_as_the_provider_listed_it_but_for_its_address(upsert, a_recording, a_file, find):
    listed = a_file(participant="Ada", size=2**40)
    await upsert(a_recording(files=(listed,)))

    assert (await find("uuid-1==")).files == (replace(listed, download_url=None),)


async def test_the_same_recording_twice_in_a_page_is_one(upsert, a_recording):
    assert await upsert(a_recording(topic="A"), a_recording(topic="B")) == Changes(new=1, seen=1)


async def test_a_thousand_recordings_take_a_handful_of_statements(upsert, a_recording, database):
    statements = []
    event.listen(database._engine.sync_engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    found = [a_recording(f"uuid-{n}", meeting_number=str(n)) for n in range(1000)]

    assert await upsert(*found) == Changes(new=1000, seen=1000)
    assert len(statements) <= 10


async def test_two_discoveries_at_once_leave_each_recording_once(upsert, a_recording, page):
    found = [a_recording(f"uuid-{n}") for n in range(50)]
    await asyncio.gather(upsert(*found), upsert(*reversed(found)), upsert(*found))

    assert len((await page()).rows) == 50


async def test_text_that_postgresql_cannot_hold_is_cleaned(upsert, a_recording, a_file, find, page):
    await upsert(a_recording("bad\0id", topic="a\0b\ud800", files=(a_file("f\0"),)))
    await upsert(a_recording("bad\0id", topic="a\0b\ud800", files=(a_file("f\0"),)))

    assert ((await find("bad\0id")).topic, len((await page(query="\0")).rows)) == ("ab\ufffd", 1)


async def test_what_was_not_seen_in_the_window_is_gone_until_it_is_seen_again(database, person, upsert, a_recording, page, now):
    await upsert(a_recording("kept"), a_recording("lost"), a_recording("outside", started_at=now - DAY))
    async with database.person(person) as connection:
        gone = await recordings.mark_gone(connection, person, "zoom", TODAY, TODAY, ["kept"], now)
        again = await recordings.mark_gone(connection, person, "zoom", TODAY, TODAY, ["kept"], now)
    assert (gone, again) == (1, 0)
    assert [row.instance_id for row in (await page(since=TODAY - DAY)).rows] == ["kept", "outside"]

    assert await upsert(a_recording("lost")) == Changes(new=0, changed=1, seen=1)
    assert {row.instance_id for row in (await page()).rows} == {"kept", "lost"}


async def test_an_empty_window_makes_everything_in_it_gone(database, person, upsert, a_recording, page, now):
    await upsert(a_recording("one"), a_recording("two"))
    async with database.person(person) as connection:
        assert await recordings.mark_gone(connection, person, "zoom", TODAY, TODAY, [], now) == 2


async def test_pages_go_through_everything_once_newest_first(upsert, a_recording, page, now):
    # Several begin at the same moment, one has no start at all: the id and the day we saw it decide.
    starts = [now, now, now, None, now - DAY, now - 2 * DAY, now - 2 * DAY]
    await upsert(*(a_recording(f"uuid-{n}", started_at=start) for n, start in enumerate(starts)))
    seen, token = [], None
    while True:
        found = await page(since=TODAY - 3 * DAY, size=2, after=token)
        seen.extend(found.rows)
        token = found.next_token
        if token is None:
            break
        await upsert(a_recording(f"late-{len(seen)}", started_at=now + timedelta(hours=1)))

    assert sorted(row.instance_id for row in seen) == [f"uuid-{n}" for n in range(7)]
    moments = [row.started_at or row.first_seen_at for row in seen]
    assert moments == sorted(moments, reverse=True)


async def test_a_page_takes_the_same_number_of_queries_however_long_it_is(database, upsert, a_recording, page):
    statements = []
    await upsert(*(a_recording(f"uuid-{n}") for n in range(30)))
    event.listen(database._engine.sync_engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    counts = []
    for size in (1, 30):
        statements.clear()
        assert len((await page(size=size)).rows) == size
        counts.append(len(statements))

    assert counts == [4, 4]


async def test_a_page_asks_the_index_not_the_whole_table(database, person, upsert, a_recording, page, owner_dsn, now):
    await upsert(*(a_recording(f"uuid-{n}", started_at=now - n * DAY) for n in range(1500)))
    asked = []
    event.listen(database._engine.sync_engine, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
    await page(since=TODAY - 300 * DAY, size=5)
    statement, parameters = next(call for call in asked if "ORDER BY coalesce" in call[0])
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("analyze recordings")
        plan = "\n".join(row[0] for row in owner.execute("explain " + statement, parameters))

    assert "Index Scan Backward using ix_recordings_user_started" in plan


@pytest.mark.parametrize("token", ["", "x", "W10", "bnVsbA"])
async def test_a_token_that_is_not_ours_is_invalid(page, token):
    with pytest.raises(Invalid):
        await page(after=token)


async def test_the_days_are_utc_days_and_the_ends_belong_to_them(upsert, a_recording, page, now):
    midnight = now.replace(hour=0)
    moments = {
        "before": midnight - timedelta(seconds=1),
        "first": midnight,
        "last": midnight + DAY - timedelta(seconds=1),
        "after": midnight + DAY,
    }
    await upsert(*(a_recording(name, started_at=moment) for name, moment in moments.items()))

    assert [row.instance_id for row in (await page()).rows] == ["last", "first"]
    assert len((await page(since=date.min, until=date.max)).rows) == 4


async def test_filters(upsert, a_recording, a_file, page):
    await upsert(
        a_recording("audio", topic="Größe 100% sure"),
        a_recording("video", topic="100 things", files=(a_file(kind="video"),)),
        a_recording("words", topic="x", files=(a_file(kind="transcript"), a_file("f2"))),
        a_recording("trash", topic="100%", in_trash=True),
        a_recording("none", topic="nothing", files=()),
    )

    async def ids(**values):
        return {row.instance_id for row in (await page(**values)).rows}

    assert await ids() == {"audio", "video", "words", "none"}
    assert await ids(include_trash=True) == {"audio", "video", "words", "none", "trash"}
    assert await ids(has="audio") == {"audio", "words"}
    assert await ids(has="video") == {"video"}
    assert await ids(has="transcript") == {"words"}
    assert await ids(query="100%") == {"audio"}
    assert await ids(query="GRÖSSE") == set()
    assert await ids(query="gRÖße") == {"audio"}
    assert await ids(query="_") == set()


async def test_a_file_that_went_no_longer_counts(upsert, a_recording, a_file, page):
    await upsert(a_recording(files=(a_file("f1"), a_file("f2", kind="video"))))
    await upsert(a_recording(files=(a_file("f1"),)))

    assert (await page(has="video")).rows == ()


async def test_a_row_knows_its_newest_processing(person, keep_processing, page, upsert, a_recording):
    await keep_processing(person, "one")
    newest = await keep_processing(person, "two")
    await upsert(a_recording("untouched"))

    assert {row.instance_id: row.processing and (row.processing.id, row.processing.state) for row in (await page()).rows} == {
        "uuid-1==": (newest.id, "queued"),
        "untouched": None,
    }


async def test_a_number_finds_the_latest_instance_and_an_id_exactly_that_one(upsert, a_recording, find, now):
    await upsert(
        a_recording("/old+id==", started_at=now - DAY),
        a_recording("new=="),
        a_recording("85550001234x", started_at=now + DAY, meeting_number="1"),
        a_recording("77", meeting_number="2", started_at=now - 9 * DAY),
        a_recording("other", meeting_number="77"),
    )

    assert (await find("85550001234")).instance_id == "new=="
    assert (await find("/old+id==")).instance_id == "/old+id=="
    assert (await find("77")).instance_id == "77"
    assert await find("unknown") is None


async def test_two_people_in_one_meeting_have_a_recording_each(upsert, a_recording, find, person, other_person):
    await upsert(a_recording(topic="Mine"))
    await upsert(a_recording(topic="Theirs"), user_id=other_person)

    assert ((await find("uuid-1==")).topic, (await find("uuid-1==", user_id=other_person)).topic) == ("Mine", "Theirs")


async def test_removing_a_providers_recordings_takes_all_that_was_made_of_them(
    database, person, other_person, running_processing, keep_results, now
):
    for user_id in (person, other_person):
        await keep_results(await running_processing(user_id))
    async with database.person(person) as connection:
        await recordings.note_discovery(connection, person, "zoom", TODAY, TODAY, now=now)
        removed = await recordings.remove(connection, person, "zoom")
        assert removed == recordings.Removed(recordings=1, processings=1, transcripts=1, deliverables=1)
        assert await recordings.last_discovery(connection, person, "zoom") is None
        assert await recordings.remove(connection, person, "zoom") == recordings.Removed(0, 0, 0, 0)
    async with database.person(other_person) as connection:
        assert await recordings.remove(connection, other_person, "teams") == recordings.Removed(0, 0, 0, 0)
        assert (await recordings.remove(connection, other_person, "zoom")).recordings == 1


async def test_the_last_discovery_is_remembered(database, person, now):
    async with database.person(person) as connection:
        for until in (TODAY, TODAY + DAY):
            await recordings.note_discovery(connection, person, "zoom", TODAY, until, now=now)
        assert await recordings.last_discovery(connection, person, "zoom") == (TODAY, TODAY + DAY, now)
        assert await recordings.get(connection, uuid4()) is None
