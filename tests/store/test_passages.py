"""Finding by words and by meaning, on a real server: languages, corrections, other people, deletion."""

from datetime import timedelta

import numpy as np
import pytest

from momentum.clock import real_clock
from momentum.corrections import EditSegment, FixTerm, RenameSpeaker
from momentum.model import Claim, ClaimState, Deliverable, Segment, Transcript
from momentum.pipeline.index import embed, index
from momentum.redaction import NOTHING
from momentum.store import corrections, deliverables, indexings, passages, transcripts
from momentum.store.passages import Filters

pytestmark = pytest.mark.anyio


class Embedder:
    """Meanings by a few words; remembers what it has read."""

    name, host, languages, floor = "words", None, None, 0.5
    about = (("ship", "deliver", "release"), ("price", "cost"), ("lunch", "pizza"))

    def __init__(self):
        self.read = []

    async def embed(self, texts):
        self.read += texts
        vectors = [np.array([0.1, *(float(any(w in text.lower() for w in words)) for words in self.about)], np.float32) for text in texts]
        return [vector / np.linalg.norm(vector) for vector in vectors]


@pytest.fixture
def embedder():
    return Embedder()


@pytest.fixture
def keep_talk(database, keep_processing):
    """Stores what was said in a meeting, indexed; gives (recording id, transcript id, processing)."""

    async def keep(user_id, *texts, language="en", key="one", document=None, speakers=("Ada",), **values):
        processing = await keep_processing(user_id, key=key, instance_id=key, **values)
        segments = tuple(Segment(n, 60.0 * n, 60.0 * n + 5, text, speaker=speakers[n % len(speakers)]) for n, text in enumerate(texts))
        of = {"user_id": user_id, "recording_id": processing.recording_id, "processing_id": processing.id, "made_from": "m"}
        async with database.person(user_id) as connection:
            said = Transcript(segments, language, 60.0 * len(texts), "own", "local:base")
            transcript_id = await transcripts.save(connection, **of, transcript=said)
            if document:
                made = await deliverables.save(connection, **of, transcript_id=transcript_id, deliverable=document)
                await deliverables.deliver(connection, [made])
        assert await index(database, user_id, processing.recording_id)
        return processing.recording_id, transcript_id, processing

    return keep


@pytest.fixture
def find(database):
    """The texts that a search by words finds, the best first."""

    async def search(user_id, query, **filters):
        async with database.person(user_id) as connection:
            ids = await passages.with_words(connection, query, Filters(**filters), size=20)
            return await passages.shown(connection, ids, query)

    return search


def _hits(found):
    return [piece for piece, hit in found.snippet if hit]


SAID = [
    ("en", "We decided to ship the releases on Monday.", "shipping release", ["ship", "releases"]),
    ("de", "Die Lieferungen verschieben wir auf Montag.", "Lieferung", ["Lieferungen"]),
    ("fr", "Nous avons décidé d'annuler les réunions.", "réunion", ["réunions"]),
    ("ja", "来週の金曜日に製品を出荷します。", "金曜日 出荷", ["金曜日", "出荷"]),
    ("th", "เราจะส่งสินค้าวันศุกร์หน้า", "สินค้า", ["สินค้า"]),
    ("xx", "Wir qlaxten die Blorps.", "qlaxten", ["qlaxten"]),
    (None, "Somebody spoke of the budget.", "budget", ["budget"]),
]


async def test_words_are_found_in_their_language(keep_talk, find, person):
    for language, said, _, _ in SAID:
        await keep_talk(person, said, language=language, key=f"in {language}")

    for _, said, query, marked in SAID:
        (found,) = await find(person, query)
        assert (found.text, _hits(found), found.first_segment, found.start) == (said, marked, 0, 0.0)


SHIPPED, HERE = "来週の金曜日に製品を出荷します。", "製品は日本にあります。"
WITHOUT = [
    ("製品 -金曜日", {HERE}),
    ("製品 -金", {SHIPPED, HERE}),
    ('製品 -"出荷"', {HERE}),
    ("-製品", set()),
    ("製品-日本", {HERE}),
    ("Beta-製品", set()),
    ("製品-Beta", set()),
]


async def test_a_minus_leaves_out_and_a_hyphen_does_not(keep_talk, find, person):
    for said in (SHIPPED, HERE):
        await keep_talk(person, said, language="ja", key=said)

    for query, found in WITHOUT:
        assert {one.text for one in await find(person, query)} == found, query


async def test_no_query_is_wrong(keep_talk, find, person):
    await keep_talk(person, "We ship on Monday.")

    for query in ['"', "-", "a & | ! <-> (", "'; drop table passages", "\0", ":*", "金", "  ", "x" * 5000]:
        assert await find(person, query) == []


async def test_markup_of_a_meeting_stays_text(keep_talk, find, person):
    await keep_talk(person, "Put <mark>this</mark> \x01<b> price</b>\x02 on the page.")

    (found,) = await find(person, "price")

    assert found.snippet == (("Put <mark>this</mark> <b> ", False), ("price", True), ("</b> on the page.", False))


async def test_filters(keep_talk, find, person, now):
    claim = Claim("decision", "The price goes up.", "the price goes up", (1,), owner="Bob", state=ClaimState.VERIFIED, start=60.0)
    document = Deliverable("minutes", "1", "Prices", "en", "They spoke of the price.", (claim,))
    recording_id, _, _ = await keep_talk(person, "Hello there.", "The price goes up.", document=document, speakers=("Ada", "Bob"))
    await keep_talk(person, "The price again.", key="old", started_at=now - timedelta(days=30))

    assert [one.topic for one in await find(person, "price")] == ["Weekly planning"] * 4
    assert {one.text for one in await find(person, "price", kind="document")} == {"Prices\nThey spoke of the price.", "The price goes up."}
    assert [one.deliverable_id for one in await find(person, "price", kind="transcript", since=now)] == [None]
    assert [one.text for one in await find(person, "price", until=now)] == ["The price again."]
    assert {one.speakers for one in await find(person, "price", speaker="bob")} == {("Bob",)}
    assert {one.recording_id for one in await find(person, "price", recording_id=recording_id)} == {recording_id}


async def test_what_was_put_right_is_found_and_what_was_wrong_is_not(database, keep_talk, find, person, now):
    recording_id, transcript_id, _ = await keep_talk(person, "We moved to Cuban Eddies.", "The budged is fine.")
    of = {"user_id": person, "recording_id": recording_id, "transcript_id": transcript_id, "deliverable_id": None, "now": now}
    async with database.person(person) as connection:
        term = await corrections.add(connection, **of, layer=FixTerm("Cuban Eddies", "Kubernetes"))
        await corrections.add(connection, **of, layer=EditSegment(1, "The budget is fine."))
        await corrections.add(connection, **of, layer=RenameSpeaker("Ada", "Grace"))
        assert await indexings.behind(connection, person) == 1
    assert await index(database, person, recording_id)

    assert [one.text for one in await find(person, "Kubernetes")] == ["We moved to Kubernetes."]
    assert [one.text for one in await find(person, "budget", speaker="Grace")] == ["The budget is fine."]
    assert await find(person, "Cuban") == []
    async with database.person(person) as connection:
        await corrections.withdraw(connection, term.id, now=now)
    assert await index(database, person, recording_id)
    assert [one.text for one in await find(person, "Cuban")] == ["We moved to Cuban Eddies."]


async def test_meanings_are_found_and_read_once(database, keep_talk, person, now, embedder):
    recording_id, transcript_id, _ = await keep_talk(person, "The release goes out.", "Pizza for all.", "It costs too much, the price.")
    await embed(database, person, recording_id, embedder, NOTHING, clock=real_clock)
    (asked,) = await embedder.embed(["When do we deliver?"])

    async def near(**filters):
        async with database.person(person) as connection:
            return await passages.near_to(connection, person, "words", asked, Filters(**filters), floor=0.5, size=5)

    ((found, likeness),) = await near()
    async with database.person(person) as connection:
        (shown,) = await passages.shown(connection, [found], "deliver")
        assert await indexings.waiting(connection, "words", now=real_clock(), size=5) == []
        of = {"user_id": person, "recording_id": recording_id, "transcript_id": transcript_id, "deliverable_id": None, "now": now}
        await corrections.add(connection, **of, layer=EditSegment(1, "Pasta and pizza for all."))
    assert (shown.text, shown.snippet, round(likeness, 2)) == ("The release goes out.", (("The release goes out.", False),), 1.0)
    assert [await near(speaker="ada"), await near(kind="document")] == [[(found, likeness)], []]

    embedder.read.clear()
    await index(database, person, recording_id)
    await embed(database, person, recording_id, embedder, NOTHING, clock=real_clock)
    assert embedder.read == ["Pasta and pizza for all."]


async def test_a_model_that_gives_another_width_than_before_stops_no_search_and_reads_anew(database, keep_talk, person, embedder):
    old, _, _ = await keep_talk(person, "The release goes out.", key="old")
    new, _, _ = await keep_talk(person, "They deliver late.", key="new")
    await embed(database, person, old, embedder, NOTHING, clock=real_clock)
    embedder.about = embedder.about[:2]
    (asked,) = await embedder.embed(["When do we ship?"])

    async def near(**filters):
        async with database.person(person) as connection:
            found = await passages.near_to(connection, person, "words", asked, Filters(**filters), floor=0.5, size=5)
            return {one.text for one in await passages.shown(connection, [one for one, _ in found], "")}

    assert [await near(), await near(kind="transcript")] == [set(), set()]
    await embed(database, person, new, embedder, NOTHING, clock=real_clock)
    assert await near() == {"They deliver late."}
    assert await embed(database, person, old, embedder, NOTHING, clock=real_clock)
    assert await near() == {"They deliver late.", "The release goes out."}
    assert not await embed(database, person, old, embedder, NOTHING, clock=real_clock)


async def test_a_model_of_one_language_reads_no_other(database, keep_talk, person, embedder):
    embedder.languages = frozenset({"en"})
    german, _, _ = await keep_talk(person, "Die Lieferung kommt am Montag.", language="de", key="german")
    captions, _, _ = await keep_talk(person, "It is the release that we have to ship and it is late.", language=None, key="captions")
    for recording_id in (german, captions):
        await embed(database, person, recording_id, embedder, NOTHING, clock=real_clock)

    assert embedder.read == ["It is the release that we have to ship and it is late."]
    async with database.person(person) as connection:
        assert await indexings.waiting(connection, "words", now=real_clock(), size=5) == []


async def test_nobody_finds_what_another_person_has(database, keep_talk, find, person, other_person, embedder):
    recording_id, _, _ = await keep_talk(person, "Our secret release.")
    await keep_talk(other_person, "Their lunch.")
    await embed(database, person, recording_id, embedder, NOTHING, clock=real_clock)
    (asked,) = await embedder.embed(["release"])

    assert [one.text for one in await find(person, "secret")] == ["Our secret release."]
    assert await find(other_person, "secret") == []
    assert await find(other_person, "secret", recording_id=recording_id) == []
    async with database.person(other_person) as connection:
        assert await passages.near_to(connection, person, "words", asked, Filters(), floor=0.0, size=5) == []
        assert await passages.shown(connection, range(1, 50), "secret lunch") != []
        assert {one.text for one in await passages.shown(connection, range(1, 50), "secret")} == {"Their lunch."}


async def test_passages_and_vectors_go_with_the_recording(database, keep_talk, person, embedder, do):
    recording_id, _, _ = await keep_talk(person, "The release goes out.")
    await embed(database, person, recording_id, embedder, NOTHING, clock=real_clock)
    counted = "select (select count(*) from passages), (select count(*) from vectors), (select count(*) from indexings)"
    assert tuple((await do(person, counted)).one()) == (1, 1, 1)

    await do(person, "delete from recordings")

    assert tuple((await do(person, counted)).one()) == (0, 0, 0)
