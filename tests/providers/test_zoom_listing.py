"""Walking the recordings: windows, pages, clamps, tokens that die, lists that do not end."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from momentum.errors import ErrorCode, Permanent, Retry
from momentum.providers.zoom.listing import first_window, next_window

LIST = "/v2/users/me/recordings"
DAY = timedelta(days=1)


def a_meeting(uuid, start):
    file = {"id": f"{uuid}-a", "file_type": "M4A", "recording_start": f"{start}T10:00:00Z", "download_url": "https://zoom.us/x"}
    return {"uuid": uuid, "id": 81234567890, "start_time": f"{start}T10:00:00Z", "recording_files": [file]}


def a_page(*meetings, token="", **more):
    return {"meetings": list(meetings), "next_page_token": token, **more}


async def listed(world, since, until, **options):
    pages = [page async for page in world.zoom.recordings(world.tokens, since=since, until=until, **options)]
    return [recording.instance_id for page in pages for recording in page]


days_between = some.dates(date(2013, 1, 1), date(2030, 1, 1))


@given(since=days_between, length=some.integers(0, 400), cuts=some.lists(some.integers(0, 40), max_size=30))
def test_windows_cover_every_day_and_end_whatever_zoom_echoes(since, length, cuts):
    until = since + length * DAY
    window, covered, steps = first_window(since, until), set(), 0
    while window:
        start, end = window
        assert start <= end
        assert end - start <= timedelta(days=30)
        # Zoom cuts a window at its beginning and says so.
        echoed = min(end, start + cuts[steps % len(cuts)] * DAY) if cuts else None
        covered |= {(echoed or start) + n * DAY for n in range((end - (echoed or start)).days + 1)}
        window, steps = next_window(since, window, echoed), steps + 1
        assert steps <= length + 4
    assert {since + n * DAY for n in range(-1, length + 2)} <= covered


@pytest.mark.anyio
async def test_a_short_range_is_one_window_a_day_wider_on_both_sides(world, days):
    world.vendor.answers(LIST, a_page(a_meeting("a", days.ago(3))))
    assert await listed(world, days.ago(7), days.ago(2)) == ["a"]
    assert world.vendor.asked(LIST) == [{"from": str(days.ago(8)), "to": str(days.ago(1)), "page_size": "300"}]


@pytest.mark.anyio
async def test_what_the_wider_window_brought_is_left_out(world, days):
    world.vendor.answers(LIST, a_page(*(a_meeting(str(n), days.ago(n)) for n in range(1, 10))))
    assert await listed(world, days.ago(7), days.ago(2)) == ["2", "3", "4", "5", "6", "7"]


@pytest.mark.anyio
async def test_a_long_range_is_walked_by_months_and_nothing_comes_twice(world, days):
    world.vendor.answers(LIST, a_page(a_meeting("a", days.ago(29)), a_meeting("b", days.ago(5))))
    assert await listed(world, days.ago(80), days.today) == ["a", "b"]
    windows = [(query["from"], query["to"]) for query in world.vendor.asked(LIST)]
    assert windows[0][1] == str(days.today + DAY)
    assert windows[-1][0] == str(days.ago(81))
    assert len(windows) == 3


@pytest.mark.anyio
async def test_a_window_that_zoom_cut_is_walked_on_from_where_it_began(world, days):
    world.vendor.answers(LIST, a_page(**{"from": str(days.ago(6))}), a_page(a_meeting("b", days.ago(10)), **{"from": str(days.ago(21))}))
    assert await listed(world, days.ago(20), days.today) == ["b"]
    assert [query["to"] for query in world.vendor.asked(LIST)] == [str(days.today + DAY), str(days.ago(6))]


@pytest.mark.anyio
async def test_where_zoom_began_may_stand_on_the_first_page_alone(world, days):
    first = a_page(token="t", **{"from": str(days.ago(6))})
    world.vendor.answers(LIST, first, a_page(), a_page(a_meeting("b", days.ago(10)), **{"from": str(days.ago(21))}))
    assert await listed(world, days.ago(20), days.today) == ["b"]


@pytest.mark.anyio
async def test_days_to_come_are_not_asked_for(world, days):
    world.vendor.answers(LIST, a_page())
    assert await listed(world, days.today, days.today + 40 * DAY) == []
    assert [query["to"] for query in world.vendor.asked(LIST)] == [str(days.today + DAY)]
    assert await listed(world, days.today + 10 * DAY, days.today + 40 * DAY) == []
    assert len(world.vendor.seen) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("created", ["2026-07-01T00:00:00Z", ""])
async def test_a_walk_into_the_past_ends_where_the_account_began(world, days, created):
    world.vendor.answers("/v2/users/me", {"id": "u", "created_at": created})
    world.vendor.answers(LIST, a_page())
    await listed(world, date(1970, 1, 1), days.today)
    first = date(2026, 6, 30) if created else date(2013, 1, 1)
    assert world.vendor.asked(LIST)[-1]["from"] == str(first - DAY)
    assert len(world.vendor.asked(LIST)) <= ((days.today - first).days + 3) / 30 + 1


@pytest.mark.anyio
async def test_pages_are_followed_an_empty_one_too(world, days):
    world.vendor.answers(LIST, a_page(a_meeting("a", days.today), token="t1"), a_page(token="t2"), a_page(a_meeting("b", days.today)))
    assert await listed(world, days.today, days.today) == ["a", "b"]
    assert [query.get("next_page_token") for query in world.vendor.asked(LIST)] == [None, "t1", "t2"]


DEAD_TOKEN = (400, {"code": 300, "message": "El token no es válido."})


@pytest.mark.anyio
async def test_a_page_token_that_died_restarts_its_window_once(world, days):
    first, second = a_page(a_meeting("a", days.today), token="t1"), a_page(a_meeting("b", days.today))
    world.vendor.answers(LIST, first, DEAD_TOKEN, first, second)
    assert await listed(world, days.today, days.today) == ["a", "b"]
    world.vendor.answers(LIST, first, DEAD_TOKEN, first, DEAD_TOKEN)
    with pytest.raises(Retry) as broken:
        await listed(world, days.today, days.today)
    assert broken.value.code is ErrorCode.PROVIDER_ANSWER_INVALID


@pytest.mark.anyio
async def test_a_list_that_repeats_its_token_is_given_up(world, days):
    world.vendor.answers(LIST, a_page(a_meeting("a", days.today), token="same"))
    with pytest.raises(Retry):
        await listed(world, days.today, days.today)
    assert len(world.vendor.seen) == 4


@pytest.mark.anyio
async def test_a_bad_request_without_a_token_is_not_tried_again(world, days):
    world.vendor.answers(LIST, DEAD_TOKEN)
    with pytest.raises(Permanent):
        await listed(world, days.today, days.today)
    assert len(world.vendor.seen) == 1


@pytest.mark.anyio
async def test_an_account_that_never_recorded_has_an_empty_list(world, days):
    world.vendor.answers(LIST, (404, {"code": 3301, "message": "?"}))
    assert await listed(world, days.today, days.today) == []


@pytest.mark.anyio
async def test_the_trash_is_asked_for_without_dates(world, days):
    world.vendor.answers(LIST, a_page(a_meeting("a", days.ago(3)), a_meeting("old", days.ago(30))))
    pages = [page async for page in world.zoom.recordings(world.tokens, since=days.ago(7), until=days.today, in_trash=True)]
    assert [(one.instance_id, one.in_trash) for page in pages for one in page] == [("a", True)]
    assert world.vendor.asked(LIST) == [{"trash": "true", "page_size": "300"}]


@pytest.mark.anyio
async def test_not_to_see_the_trash_does_not_suspend_the_connection(world, days):
    world.vendor.answers(LIST, (403, {"message": "?"}))
    with pytest.raises(Permanent):
        await listed(world, days.today, days.today, in_trash=True)
    assert world.tokens.suspended == []
