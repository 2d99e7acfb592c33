import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from momentum.errors import NotFound
from momentum.model import Claim, ClaimState
from momentum.store import deliverables

pytestmark = pytest.mark.anyio


@pytest.fixture
async def kept(person, keep_processing, keep_results):
    """The id of a stored draft."""
    return (await keep_results(await keep_processing(person)))[1]


@pytest.fixture
def act(database, person):
    """Calls a function of `deliverables` in a transaction of the person."""

    async def run(function, *args, user_id=person, **values):
        async with database.person(user_id) as connection:
            return await function(connection, *args, **values)

    return run


async def test_a_deliverable_comes_back_as_it_was(act, kept, a_deliverable, now):
    found = await act(deliverables.get, kept)

    assert found.deliverable == a_deliverable
    assert (found.about.topic, found.about.recorded_at, found.about.timezone) == ("Weekly planning", now, "Europe/Berlin")


async def test_what_was_made_from_the_same_is_kept_once_with_its_claims(act, person, keep_processing, keep_results, a_deliverable):
    processing = await keep_processing(person)
    _, first = await keep_results(processing)
    _, again = await keep_results(processing)
    _, other = await keep_results(processing, "m2")

    assert (again, other == first) == (first, False)
    assert await act(deliverables.claims, first) == a_deliverable.claims
    assert await act(deliverables.find, processing.id, "m2") == other
    assert await act(deliverables.find, processing.id, "m3") is None


async def test_a_checked_deliverable_takes_the_place_of_its_draft(act, kept, a_deliverable):
    checked = replace(
        a_deliverable, title="Checked", claims=(Claim("decision", "t", "q", (1,), state=ClaimState.REPAIRED, reason="moved"),)
    )
    for _ in range(2):
        await act(deliverables.replace, kept, checked)

    assert (await act(deliverables.get, kept)).deliverable == checked


async def test_what_was_delivered_is_never_changed(act, kept, a_deliverable):
    await act(deliverables.deliver, [kept])
    for _ in range(2):
        await act(deliverables.replace, kept, replace(a_deliverable, title="Other", claims=()))
        await act(deliverables.deliver, [kept])

    found = await act(deliverables.get, kept)
    assert (found.deliverable, found.about.version) == (a_deliverable, 1)


async def test_versions_of_a_series_are_numbered_as_they_are_delivered(act, person, database, keep_processing, keep_results, a_deliverable):
    processing = await keep_processing(person)
    _, first = await keep_results(processing)
    about = (await act(deliverables.get, first)).about
    of = {"user_id": person, "recording_id": about.recording_id, "processing_id": processing.id, "transcript_id": about.transcript_id}
    of |= {"series": about.series, "deliverable": a_deliverable}
    await act(deliverables.deliver, [first])
    async with database.person(person) as connection:
        drafts = [await deliverables.save(connection, **of, made_from=f"again {n}") for n in range(4)]
    assert [row.id for row in (await act(deliverables.page, person, size=9, series=about.series)).rows] == [first]
    await asyncio.gather(*(act(deliverables.deliver, [draft]) for draft in drafts[:3]))

    rows = (await act(deliverables.page, person, size=9, series=about.series)).rows
    by_version = {row.version: row for row in rows}
    assert sorted(by_version) == [1, 2, 3, 4]
    assert all(by_version[n].supersedes == by_version[n - 1].id for n in (2, 3, 4))
    assert [row.id for row in (await act(deliverables.page, person, size=9, newest=True)).rows] == [by_version[4].id]
    assert not (await act(deliverables.get, drafts[3])).about.delivered


async def test_a_draft_is_shown_once_it_is_delivered(act, person, kept):
    assert (await act(deliverables.page, person, size=9)).rows == ()
    await act(deliverables.deliver, [kept])
    rows = (await act(deliverables.page, person, size=9)).rows

    assert [(row.id, row.delivered) for row in rows] == [(kept, True)]
    assert (await act(deliverables.page, person, size=9, recording_id=rows[0].recording_id)).rows == rows
    assert (await act(deliverables.page, person, size=9, processing_id=uuid4())).rows == ()


async def test_pages_go_through_everything(act, person, keep_processing, keep_results):
    processing = await keep_processing(person)
    made = [(await keep_results(processing, str(n)))[1] for n in range(5)]
    await act(deliverables.deliver, made)
    seen, token = [], None
    while True:
        page = await act(deliverables.page, person, size=2, after=token)
        seen += [row.id for row in page.rows]
        token = page.next_token
        if token is None:
            break

    assert seen == made[::-1]


async def test_another_person_neither_reads_changes_nor_delivers_it(act, person, other_person, kept, a_deliverable):
    with pytest.raises(NotFound):
        await act(deliverables.get, kept, user_id=other_person)
    with pytest.raises(NotFound):
        await act(deliverables.replace, kept, a_deliverable, user_id=other_person)
    await act(deliverables.deliver, [kept], user_id=other_person)

    assert await act(deliverables.claims, kept, user_id=other_person) == ()
    assert not (await act(deliverables.get, kept)).about.delivered
