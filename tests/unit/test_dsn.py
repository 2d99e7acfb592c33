import pytest
from sqlalchemy import make_url

from momentum.errors import ErrorCode, MomentumError
from momentum.store import dsn

ROUND = [
    "postgresql://u:p%40ss%2F%20word@db.example:5433/momentum?sslmode=require",
    "postgresql://u@/momentum?host=%2Ftmp%2Fa%20b%2Frun&port=5432",
    "postgresql://u:p@[::1]:5432/momentum",
    "postgresql://u:p@a.example:1,b.example:2/momentum?target_session_attrs=read-write",
    "postgres:///momentum?options=-c%20statement_timeout%3D5s",
]


@pytest.mark.parametrize("url", ROUND)
def test_a_url_means_the_same_after_it_was_taken_apart_and_put_together(url):
    assert dsn.parameters(dsn.url(dsn.parameters(url))) == dsn.parameters(url)


@pytest.mark.parametrize("url", [ROUND[0], ROUND[1], ROUND[4]])
def test_the_job_engine_reads_the_same_url(url):
    found, read = dsn.parameters(url), make_url(dsn.acting_as(url, "momentum_app", own_login=False))

    assert (read.database, read.username, read.password) == (found["dbname"], found.get("user"), found.get("password"))
    assert read.query["options"].endswith("-c role=momentum_app")


def test_a_given_user_takes_the_role_on_beside_its_other_options():
    found = dsn.parameters(dsn.acting_as(ROUND[4], "momentum_app", own_login=False))

    assert found["options"] == "-c statement_timeout=5s -c role=momentum_app"


def test_an_own_login_needs_no_password():
    found = dsn.parameters(dsn.acting_as(ROUND[0], "momentum_app", own_login=True))

    assert (found["user"], "password" in found, "options" in found) == ("momentum_app", False, False)


def test_the_driver_in_the_scheme_is_ignored_and_limits_are_set():
    found = dsn.parameters("postgresql+psycopg://u@h/d?connect_timeout=9")

    assert (found["host"], found["connect_timeout"], found["tcp_user_timeout"], found["keepalives_idle"]) == ("h", "9", "15000", "30")


def test_a_url_that_is_none_is_refused_without_being_shown():
    with pytest.raises(MomentumError) as caught:
        dsn.parameters("mysql://u:hunter2@h/d")

    assert caught.value.code is ErrorCode.SETTINGS_INVALID
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__
