"""Zoom's facts and what follows from them without asking anybody."""

import pytest

from momentum.errors import ErrorCode, NotFound
from momentum.providers.meeting_ids import is_meeting_number, normalise_meeting_id
from momentum.providers.zoom import facts
from momentum.providers.zoom.facts import Allowance, Weight

GRANULAR = ("user:read:user", "cloud_recording:read:list_user_recordings", "cloud_recording:read:list_recording_files")


@pytest.mark.parametrize(
    ("plan", "weight", "allowed"),
    [
        ("pro", Weight.LIGHT, Allowance(18.75)),
        ("pro", Weight.MEDIUM, Allowance(12.5)),
        ("pro", Weight.HEAVY, Allowance(6.25, 18_750)),
        ("business", Weight.LIGHT, Allowance(50)),
        ("business", Weight.MEDIUM, Allowance(37.5)),
        ("free", Weight.LIGHT, Allowance(2.5, 3_750)),
        ("free", Weight.MEDIUM, Allowance(1.25, 1_250)),
        ("unheard-of", Weight.LIGHT, Allowance(18.75)),
    ],
)
def test_the_pace_is_the_smaller_of_fifty_and_five_eighths(plan, weight, allowed):
    assert facts.pace(plan, weight) == allowed


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ((), ()),
        (GRANULAR, ()),
        (("user:read", "recording:read", "meeting:read"), ()),
        (("user:read:admin", "recording:read:admin"), ()),
        (tuple(f"{scope}:admin" for scope in GRANULAR), ()),
        (("recording:read",), ("user:read",)),
        (("user:read",), ("recording:read",)),
        (GRANULAR[:1], GRANULAR[1:]),
        (("something:else",), GRANULAR),
    ],
)
def test_missing_scopes_are_named_in_the_style_of_the_app(granted, missing):
    assert facts.missing_scopes(granted) == missing


@pytest.mark.parametrize(
    ("uuid", "path"),
    [
        ("/a//bC+dE==", "%252Fa%252F%252FbC%252BdE%253D%253D"),
        ("a/b==", "a%252Fb%253D%253D"),
        ("abc+d==", "abc%2Bd%3D%3D"),
        ("81234567890", "81234567890"),
    ],
)
def test_a_uuid_with_a_slash_is_encoded_twice(uuid, path):
    assert facts.recording_path(uuid) == f"/meetings/{path}/recordings"


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("81234567890", "81234567890"),
        ("812 3456 7890", "81234567890"),
        ("812-3456-7890", "81234567890"),
        ("abCDefGhQ0q1mRJIIb1WuB==", "abCDefGhQ0q1mRJIIb1WuB=="),
        ("/a//bC+dE==", "/a//bC+dE=="),
        ("%2Fa%2F%2FbC%2BdE%3D%3D", "/a//bC+dE=="),
        ("%252Fa%252F%252FbC%252BdE%253D%253D", "/a//bC+dE=="),
        ("abC dE==", "abC+dE=="),
    ],
)
def test_a_meeting_id_is_understood_in_every_encoding(sent, meant):
    assert normalise_meeting_id(sent) == meant
    assert is_meeting_number(meant) == meant.isdigit()


@pytest.mark.parametrize("sent", ["", "%", "%00", "../users/me", "a?b=c", "a#b", "é" * 8, "x" * 200, "%25252525252525252F"])
def test_what_cannot_be_a_meeting_is_not_found(sent):
    with pytest.raises(NotFound) as error:
        normalise_meeting_id(sent)
    assert error.value.code is ErrorCode.RECORDING_NOT_FOUND


@pytest.mark.parametrize(
    ("setting", "named", "used"),
    [
        (facts.API_BASE, None, "https://api.zoom.us/v2"),
        (facts.API_BASE, "https://api-eu.zoom.us", "https://api-eu.zoom.us/v2"),
        (f"{facts.API_BASE}/", "https://api-us.zoom.us/", "https://api-us.zoom.us/v2"),
        (facts.API_BASE, "http://api-eu.zoom.us", "https://api.zoom.us/v2"),
        (facts.API_BASE, "https://evil.example", "https://api.zoom.us/v2"),
        (facts.API_BASE, "https://evilzoom.us", "https://api.zoom.us/v2"),
        (facts.API_BASE, "https://api.zoom.us@evil.example", "https://api.zoom.us/v2"),
        ("http://127.0.0.1:9000/v2", "https://api-eu.zoom.us", "http://127.0.0.1:9000/v2"),
    ],
)
def test_a_region_is_used_only_when_it_is_zooms(setting, named, used):
    assert facts.api_root(setting, named) == used


def test_only_hosts_that_are_not_zooms_may_be_private():
    assert facts.configured_hosts((facts.OAUTH_BASE, facts.API_BASE)) == frozenset()
    assert facts.configured_hosts(("http://localhost:9000", facts.API_BASE)) == {"localhost"}
