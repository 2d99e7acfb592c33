"""The list of recordings of all providers: what it finds, what it shows, and what it costs."""

from dataclasses import replace
from datetime import timedelta
from time import monotonic

import psycopg
import pytest
from sqlalchemy import event

from momentum.corrections import ConfirmClaim, FixTerm, RenameSpeaker
from momentum.model import Claim, ClaimState, Options
from momentum.store import corrections, deliverables, listing, processings, recordings, transcripts
from momentum.store.listing import Has, Status, Total, Wanted

pytestmark = pytest.mark.anyio


@pytest.fixture
def listed(database, person):
    """A page of the person's list."""

    async def page(*, size=30, after=None, before=None, **wanted):
        async with database.person(person) as connection:
            return await listing.page(connection, person, Wanted(**wanted), size=size, after=after, before=before)

    return page


@pytest.fixture
def topics(listed):
    """Topics of what is found, sorted."""

    async def find(**wanted):
        return sorted(row.topic for row in (await listed(**wanted)).rows)

    return find


@pytest.fixture
def keep_work(database, keep_recording, person, now):
    """Stores a recording with a processing that has come to `state`; gives the processing."""

    async def keep(topic, state):
        recording_id = await keep_recording(person, instance_id=f"{topic}==", topic=topic)
        async with database.person(person) as connection:
            made, _ = await processings.create(connection, person, recording_id, "zoom", topic, Options())
            told = {"code": "media_empty", "detail": "The file is empty.", "now": now}
            match state:
                case "failed":
                    return await processings.set_failed(connection, made.id, **told)
                case "action_required":
                    return await processings.set_action_required(connection, made.id, **told)
                case "cancelled":
                    return await processings.set_cancelled(connection, made.id, now=now)
                case "done":
                    await processings.start_step(connection, made.id, "deliver", now=now)
                    return await processings.set_done(connection, made.id, now=now)
            return made

    return keep


@pytest.fixture
def keep_document(database, keep_work, a_transcript, a_deliverable):
    """Stores a recording with transcript and document; gives (recording, transcript, deliverable)."""

    async def keep(topic="Planning", *, participants=None, deliverable=a_deliverable):
        made = await keep_work(topic, "done")
        of = {"user_id": made.user_id, "recording_id": made.recording_id, "processing_id": made.id, "made_from": "m"}
        async with database.person(made.user_id) as connection:
            transcript = replace(a_transcript, participants=participants)
            transcript_id = await transcripts.save(connection, **of, transcript=transcript)
            deliverable_id = await deliverables.save(connection, **of, transcript_id=transcript_id, deliverable=deliverable)
            await deliverables.deliver(connection, [deliverable_id])
        return made.recording_id, transcript_id, deliverable_id

    return keep


@pytest.fixture
def correct(database, person, now):
    async def add(recording_id, transcript_id, layer, deliverable_id=None):
        of = {"user_id": person, "recording_id": recording_id, "transcript_id": transcript_id, "deliverable_id": deliverable_id}
        async with database.person(person) as connection:
            return await corrections.add(connection, **of, layer=layer, now=now)

    return add


async def test_found_by_words_host_days_and_whatever_stands_for_itself(keep_recording, topics, person, other_person, now):
    await keep_recording(person, instance_id="1", topic="Weekly planning", started_at=now)
    await keep_recording(
        person, instance_id="2", topic="100% ÜBER_Budget", started_at=now - timedelta(days=3), host_email="bob@example.org"
    )
    await keep_recording(other_person, instance_id="3", topic="Weekly secret")

    assert await topics() == ["100% ÜBER_Budget", "Weekly planning"]
    assert await topics(words="PLAN week") == ["Weekly planning"]
    assert await topics(words="über_ 0% bob@") == ["100% ÜBER_Budget"]
    assert await topics(words="w_ek") == []
    assert await topics(who="BOB") == ["100% ÜBER_Budget"]
    assert await topics(since=now) == ["Weekly planning"]
    assert await topics(until=now) == ["100% ÜBER_Budget"]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("queued", Status.WORKING),
        ("action_required", Status.NEEDS_YOU),
        ("failed", Status.FAILED),
        ("done", Status.DONE),
        ("cancelled", Status.NEW),
    ],
)
async def test_found_by_where_it_stands(keep_work, listed, state, status):
    await keep_work("One", state)
    for wanted in Status:
        assert [row.status for row in (await listed(status=wanted)).rows] == ([status] if wanted is status else [])


async def test_a_row_says_what_was_heard_and_written(keep_document, correct, listed, a_deliverable):
    open_claim = Claim("action", "Call", "call", (1,), state=ClaimState.NEEDS_CONFIRMATION)
    recording_id, transcript_id, deliverable_id = await keep_document(
        deliverable=replace(a_deliverable, claims=(*a_deliverable.claims, open_claim))
    )

    (row,) = (await listed()).rows
    assert (row.id, row.transcript_id, row.seconds, row.speakers) == (recording_id, transcript_id, 4.0, ("Ada",))
    assert (row.document.id, row.document.kind, row.document.title, row.document.open_claims) == (deliverable_id, "minutes", "Planning", 2)
    await correct(recording_id, transcript_id, ConfirmClaim(2), deliverable_id)
    assert (await listed()).rows[0].document.open_claims == 1


async def test_found_by_who_took_part_or_spoke_also_as_corrected(keep_document, correct, topics):
    recording_id, transcript_id, _ = await keep_document("One", participants=("Grace Hopper",))
    await keep_document("Two")

    assert await topics(who="hopper") == ["One"]
    assert await topics(who="ada") == ["One", "Two"]
    await correct(recording_id, transcript_id, RenameSpeaker("Ada", "Lovelace"))
    assert await topics(who="lovel") == ["One"]


async def test_a_term_that_was_fixed_is_shown_and_found_in_the_topic(keep_document, correct, listed, topics):
    recording_id, transcript_id, _ = await keep_document("Cuber nettys rollout")
    await correct(recording_id, transcript_id, FixTerm("Cuber nettys", "Kubernetes"))
    await correct(recording_id, transcript_id, FixTerm("Planning", "Plan"))

    (row,) = (await listed(words="kubern roll")).rows
    assert (row.topic, row.document.title) == ("Kubernetes rollout", "Plan")
    assert await topics(words="plan") == []  # said in the meeting, but not its topic


async def test_a_fixed_term_is_no_pattern(keep_document, correct, topics):
    for topic, term in (("Up by 1000 %", "100%"), ("The axb test", "a_b"), ("A\\b test", "A\\b")):
        recording_id, transcript_id, _ = await keep_document(topic)
        await correct(recording_id, transcript_id, FixTerm(term, "Whole"))

    assert await topics(words="whole") == ["Whole test"]


async def test_found_by_the_transcript_there_is(keep_document, keep_recording, a_file, topics, person):
    await keep_document("Ours")
    await keep_recording(person, instance_id="z", topic="Zoom's", files=(a_file(), a_file("f2", kind="transcript")))
    await keep_recording(person, instance_id="n", topic="None")

    found = {has: await topics(has=has) for has in Has}
    assert found == {Has.OURS: ["Ours"], Has.PROVIDERS: ["Zoom's"], Has.ANY: ["Ours", "Zoom's"], Has.NONE: ["None"]}


async def test_what_is_gone_stays_where_something_was_written_of_it(keep_document, keep_recording, listed, database, person, now):
    await keep_document("Written")
    await keep_recording(person, instance_id="n", topic="Not written")
    later = now + timedelta(hours=1)
    async with database.person(person) as connection:
        await recordings.mark_gone(connection, person, "zoom", now.date(), now.date(), [], later)

    assert [(row.topic, row.gone) for row in (await listed()).rows] == [("Written", True)]


async def test_pages_lead_on_and_back(keep_recording, listed, person, now):
    for number in range(5):
        await keep_recording(person, instance_id=str(number), topic=str(number), started_at=now - timedelta(minutes=number // 2))
    first = await listed(size=2)
    second = await listed(size=2, after=first.next_token)
    third = await listed(size=2, after=second.next_token)

    assert [row.id for page in (first, second, third) for row in page.rows] == [row.id for row in (await listed()).rows]
    assert (first.former_token, third.next_token) == (None, None)
    assert await listed(size=2, before=third.former_token) == second
    back = await listed(size=2, before=second.former_token)
    assert (back.rows, back.next_token, back.former_token) == (first.rows, first.next_token, None)


async def test_the_total_and_the_newest_ids(keep_work, keep_recording, database, person):
    await keep_work("One", "done")
    wanted = await keep_recording(person, instance_id="2", topic="Two")
    async with database.person(person) as connection:
        assert await listing.total(connection, person, Wanted()) == Total(2, 60)
        assert await listing.total(connection, person, Wanted(words="nowhere")) == Total(0, 0)
        assert await listing.ids(connection, person, Wanted(status=Status.NEW), most=5) == [wanted]


async def test_a_page_of_two_hundred_takes_no_more_queries_than_one_of_ten(database, person, a_recording, listed):
    async with database.person(person) as connection:
        await recordings.upsert(connection, person, "zoom", [a_recording(str(n)) for n in range(200)], now=a_recording().started_at)
    statements = []
    event.listen(database._engine.sync_engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    counts = []
    for size in (10, 200):
        statements.clear()
        assert len((await listed(size=size, words="weekly", who="ada", status=Status.NEW)).rows) == size
        counts.append(len(statements))

    assert counts == [4, 4], statements  # the transaction's beginning, and three


MANY = """
    insert into recordings (user_id, provider, instance_id, topic, started_at, duration_minutes, size, host_email, digest)
        select :person, 'zoom', n::text, 'Meeting about topic ' || n % 997, now() - n * interval '1 hour', 30, 1000,
            'host' || n % 50 || '@example.org', '' from generate_series(1, :many) n;
"""
MADE = (
    MANY,
    """insert into recording_files (user_id, recording_id, file_id, kind, file_type, recording_type, extension, ready)
        select user_id, id, k, k, '', '', '', true
        from recordings, unnest(array['audio', 'video', 'timeline']) k where user_id = :person""",
    """insert into processings (user_id, recording_id, provider, request_key, state)
        select user_id, id, 'zoom', id::text, case when instance_id::int % 500 = 0 then 'failed' else 'done' end
        from recordings where user_id = :person and instance_id::int % 10 > 0""",
    """insert into transcripts (user_id, recording_id, processing_id, made_from, source, engine, seconds, word_count, segments)
        select user_id, recording_id, id, '', 'own', 'e', 1800, 9, (
            select jsonb_agg(jsonb_build_object('i', s, 's', s, 'e', s, 't', 'We ship on Friday, and so on.', 'p', 'Person ' || s % 5))
            from generate_series(1, 40) s) from processings where user_id = :person""",
    """insert into deliverables (user_id, recording_id, processing_id, transcript_id, made_from, kind, writer_version, title, summary,
            delivered)
        select user_id, recording_id, processing_id, id, '', 'minutes', '1', 'Minutes', 'We ship.', true
        from transcripts where user_id = :person""",
    """insert into claims (user_id, deliverable_id, position, kind, text, quote, segment_ids, state)
        select user_id, id, p, 'action', 'Ship', 'We ship', '{}', 'needs_confirmation'
        from deliverables, generate_series(0, 3) p where user_id = :person""",
)


@pytest.mark.acceptance
async def test_ten_thousand_recordings_are_listed_quickly(database, owner_dsn, person, other_person, do, listed):
    for user_id, many in ((person, 10_000), (other_person, 3_000)):
        for statement in MADE:
            given = {"person": user_id} | ({"many": many} if ":many" in statement else {})
            await do(user_id, statement, **given)
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("analyze")
    wanted = {
        "everything": {},
        "a word": {"words": "topic 996"},
        "a word that is nowhere": {"words": "nowhere"},
        "somebody": {"who": "person 3"},
        "nobody": {"who": "nobody"},
        "failed": {"status": Status.FAILED},
        "needs you": {"status": Status.NEEDS_YOU},
        "new": {"status": Status.NEW},
        "all at once": {"words": "nowhere", "who": "nobody", "status": Status.NEEDS_YOU, "has": Has.OURS},
        "no transcript": {"has": Has.NONE},
    }
    took = {}
    for name, filters in wanted.items():
        await listed(**filters)
        began = monotonic()
        await listed(**filters)
        took[name] = round(1000 * (monotonic() - began))
    last = (await listed()).next_token
    for _ in range(20):
        last = (await listed(after=last, size=300)).next_token
    began = monotonic()
    await listed(after=last)
    took["far down"] = round(1000 * (monotonic() - began))

    assert max(took.values()) < 200, took
