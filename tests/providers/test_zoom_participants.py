"""Who took part in a past meeting: every page, rejoins merged, guests kept; never a reason for anything to fail."""

import time

import pytest

from momentum.providers.zoom.participants import merged, parse_rows

pytestmark = pytest.mark.anyio

PLANNING, CUSTOMER = "pL4n+Spring7Release3Q1==", "/cU5tomer+Call2Northwi=="


def row(name, start, end, **facts):
    times = {"join_time": f"2026-11-22T{start}:00Z", "leave_time": f"2026-11-22T{end}:00Z"}
    return {"id": "", "name": name, "user_email": "", **times, "duration": 600, **facts}


def people(*rows):
    return [(p.name, p.email, p.seconds) for p in merged(parse_rows({"participants": list(rows)}))]


def test_who_comes_back_is_one_person():
    ada = {"id": "A", "user_email": "ada@example.org"}
    found = people(row("Ada", "09:30", "10:00", **ada), row("Ben", "09:01", "10:00"), row("Ada L.", "09:00", "09:20", **ada))
    assert found == [("Ada L.", "ada@example.org", 1200), ("Ben", None, 600)]


def test_an_address_tells_people_without_an_id():
    two = people(row("Ann", "09:00", "09:10", user_email="ann@one.example"), row("Ann", "09:20", "09:30", user_email="ann@two.example"))
    assert len(two) == 2
    assert (
        len(people(row("Ann", "09:00", "09:10", user_email="Ann@one.example"), row("A", "09:05", "09:30", user_email="ann@ONE.example")))
        == 1
    )


def test_guests_of_one_name_are_one_unless_they_were_there_together():
    assert len(people(row("iPhone", "09:00", "09:10"), row("iPhone", "09:10", "09:30"))) == 1
    assert len(people(row("iPhone", "09:00", "09:10"), row("iPhone", "09:09", "09:30"))) == 2


def test_the_largest_meetings_are_merged_at_once():
    many = [{"id": f"{n}", "name": f"Person {n}", "user_email": ""} for n in range(15_000)]
    rows = parse_rows({"participants": many + many})
    started = time.process_time()
    assert len(merged(rows)) == 15_000
    assert time.process_time() - started < 5


def test_rows_that_say_nothing_are_nobody():
    broken = {"participants": [None, {}, {"name": None, "user_email": ""}, row("Ada", "09:00", "25:99", duration="x")]}
    assert [(p.name, p.left_at, p.seconds) for p in parse_rows(broken)] == [("Ada", None, 0)]
    assert parse_rows([]) == parse_rows({"participants": {}}) == []


@pytest.mark.parametrize("meeting", [PLANNING, CUSTOMER])
@pytest.mark.parametrize("size", [None, 2])
async def test_all_pages_of_a_meeting_whatever_its_uuid(zoom, meeting, size):
    tokens = await zoom.connected()
    if size:
        zoom.sandbox.faults.set("small_pages", size=size)
    there = zoom.sandbox.meeting(meeting)
    found = await zoom.provider.participants(tokens, meeting)
    assert [p.name for p in found] == [*(name for name, _ in there.participants), "iPhone"]
    assert [p.email for p in found] == [*(email or None for _, email in there.participants), None]
    asked = [r for r in zoom.sandbox.requests if r.path.endswith("/participants")]
    assert len(asked) == (3 if size else 1)


@pytest.mark.parametrize("fault", ["scope_missing", "no_permission", "forbidden", "user_elsewhere", "validation_failed"])
async def test_what_zoom_does_not_tell_concerns_nothing_else(zoom, fault):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set(fault, path="/participants")
    assert await zoom.provider.participants(tokens, PLANNING) == ()
    assert tokens.suspended == []
    assert (await zoom.provider.recording(tokens, PLANNING)).files


async def test_a_meeting_that_zoom_has_forgotten_has_no_list(zoom):
    tokens = await zoom.connected()
    assert await zoom.provider.participants(tokens, "nO+SuchMeeting/Anywhere==") == ()


async def test_a_list_that_breaks_off_is_given_as_far_as_it_went(zoom):
    tokens = await zoom.connected()
    zoom.sandbox.faults.set("small_pages", size=2)
    zoom.sandbox.faults.set("page_token_expired")
    assert len(await zoom.provider.participants(tokens, CUSTOMER)) == 2
    zoom.sandbox.faults.clear()
    zoom.sandbox.faults.set("small_pages", size=2)
    zoom.sandbox.faults.set("page_token_repeated")
    assert len(await zoom.provider.participants(tokens, CUSTOMER)) >= 2
