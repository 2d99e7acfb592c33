from contextlib import contextmanager

import httpx2
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from momentum import exposition, metrics
from momentum.errors import ErrorCode, Unavailable
from momentum.inbound import free_port
from momentum.store import audit

pytestmark = pytest.mark.anyio
TOKEN = "a-token-for-prometheus"


def read(text):
    """(name, labels) -> value of everything on the page."""
    families = text_string_to_metric_families(text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


@contextmanager
def as_owner(owner_dsn, statement, undo):
    """The database is shared by the tests of this file: what its owner breaks is mended again."""
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute(statement)
        try:
            yield
        finally:
            owner.execute(undo)


@pytest.fixture
def figure(world):
    async def value(name, **labels):
        return read((await exposition.page(world.app)).decode()).get((f"momentum_{name}", frozenset(labels.items())), 0.0)

    return value


@pytest.fixture
def with_token(world_settings):
    object.__setattr__(world_settings, "metrics_token", type(world_settings.jwt_secret)(TOKEN))


async def test_without_a_token_of_their_own_metrics_are_not_on_the_web_server(world, refuses):
    assert "METRICS_TOKEN" in refuses(await world.program().get("/metrics"), 404, "not_found")


@pytest.mark.usefixtures("with_token")
async def test_the_token_opens_them_and_nothing_else_does(world, refuses):
    stranger = world.program(None)
    refuses(await stranger.get("/metrics"), 401, "not_authenticated")
    refuses(await world.program("ada").get("/metrics"), 401, "not_authenticated")
    answer = await stranger.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert read(answer.text)["momentum_database_up", frozenset()] == 1


async def test_a_port_of_their_own_shows_metrics_alone(world, world_settings):
    object.__setattr__(world_settings, "metrics_port", free_port("127.0.0.1"))
    async with exposition.exposed(world.app) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        shown, other = await http.get("/metrics"), await http.get("/api/me")
    assert "momentum_build_info" in shown.text
    assert other.status_code == 404


async def test_without_a_port_nothing_listens(world):
    async with exposition.exposed(world.app) as port:
        assert port is None


async def test_who_comes_in_and_who_does_not_is_counted(world, figure):
    before = [await figure("authentications_total", method="bearer", outcome=o) for o in ("ok", "token_invalid")]
    await world.program("ada").get("/api/me")
    await world.program("ada").get("/api/zoom/status")
    await world.program(None).get("/api/me", headers={"authorization": "Bearer nonsense"})
    after = [await figure("authentications_total", method="bearer", outcome=o) for o in ("ok", "token_invalid")]
    assert [a - b for a, b in zip(after, before, strict=True)] == [2, 1]


async def test_requests_are_counted_by_route_not_by_path(world, figure):
    before = await figure("http_requests_total", method="GET", route="/api/processings/{processing_id}", status="404")
    await world.program().get("/api/processings/6f0e0a52-6f7c-4a53-9d62-0f5b1f6a7c11")
    await world.program().get("/api/processings/6f0e0a52-6f7c-4a53-9d62-0f5b1f6a7c12")
    assert await figure("http_requests_total", method="GET", route="/api/processings/{processing_id}", status="404") == before + 2


async def test_connections_calls_and_refreshes_of_zoom_are_counted(world, ada, figure, clock):
    connected = await figure("connections_total", provider="zoom", outcome="ok")
    calls = await figure("provider_calls_total", provider="zoom", allowance="medium", outcome="ok")
    refreshes = await figure("token_refreshes_total", provider="zoom", outcome="ok")
    clock.advance(hours=2)
    await world.program("ada").get("/api/zoom/meetings")
    assert connected >= 1
    assert await figure("provider_calls_total", provider="zoom", allowance="medium", outcome="ok") > calls
    assert await figure("token_refreshes_total", provider="zoom", outcome="ok") == refreshes + 1


async def test_a_refused_refresh_is_counted_with_its_reason(world, ada, figure, clock):
    refused = await figure("token_refreshes_total", provider="zoom", outcome="reconnect_required")
    world.zoom.faults.set("admin_disabled")
    clock.advance(hours=2)
    await world.program("ada").get("/api/zoom/meetings")
    assert await figure("token_refreshes_total", provider="zoom", outcome="reconnect_required") == refused + 1


async def test_the_allowance_is_shown_used_and_paused(world, ada, figure, database):
    await ada.get("/api/zoom/meetings")
    assert await figure("rate_day_used", provider="zoom", allowance="medium") >= 1
    assert await figure("rate_per_second", provider="zoom", allowance="medium") == pytest.approx(12.5, rel=0.02)
    async with database.nobody() as connection:
        await connection.exec_driver_sql("update rate_limits set paused_until = now() + interval '90 seconds' where key like '%%medium'")
    assert 80 < await figure("rate_paused_seconds", provider="zoom", allowance="medium") <= 90


async def test_the_queue_shows_what_waits_and_for_how_long(world, figure, clock):
    user_id = await world.user_id("ada")
    await world.keep_document(user_id, topic="Done")
    assert await figure("queue_depth", state="due") == 0
    from momentum.model import Recording

    row = await world.keep_recording(user_id, Recording("u==", "1", "T", clock(), None, 1, 1, None, ()))
    await world.keep_processing(user_id, row.id)
    clock.advance(days=400)  # the row's own time is the database's
    assert await figure("queue_depth", state="due") == 1
    assert await figure("queue_oldest_seconds", state="due") > 86_400


async def test_a_database_that_is_away_is_a_figure_and_no_failure(world, figure, monkeypatch):
    def away():
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "away")

    monkeypatch.setattr(world.app.database, "nobody", away)
    assert await figure("database_up") == 0


async def test_a_look_up_that_is_broken_leaves_the_other_figures(world, figure, logged, owner_dsn):
    before = await figure("faults_total", where="metrics")
    with as_owner(owner_dsn, "alter function lookup.queue_figures rename to gone", "alter function lookup.gone rename to queue_figures"):
        assert await figure("faults_total", where="metrics") == before + 1
        assert await figure("database_up") == 1
    assert [e["event"] for e in logged].count("figures_not_read") == 2


async def test_every_process_tells_how_long_the_audit_trail_is_and_what_waits(world, figure, database):
    await world.program("ada").post("/api/me/sign-out")
    assert [await figure(name) for name in ("audit_entries", "audit_waiting")] == [0, 1]
    await audit.chain(database)
    assert [await figure(name) for name in ("audit_entries", "audit_waiting")] == [1, 0]


async def test_an_entry_that_may_not_be_written_is_counted_and_the_act_stands(world, figure, logged, owner_dsn):
    lost, ada = await figure("audit_lost_total"), world.program("ada")
    with as_owner(owner_dsn, "revoke insert on audit_inbox from momentum_app", "grant insert on audit_inbox to momentum_app"):
        assert (await ada.post("/api/me/sign-out")).status_code < 300
    assert await figure("audit_lost_total") == lost + 1
    assert [(e["action"], e["outcome"]) for e in logged if e["event"] == "audit_entry_lost"] == [("person.sign_out", "ok")]


async def test_a_port_that_is_taken_is_named(world, world_settings):
    async with exposition.listening(exposition.application(world.app), host="127.0.0.1", port=0) as taken:
        object.__setattr__(world_settings, "metrics_port", taken)
        with pytest.raises(Unavailable, match="Set METRICS_PORT to a free one"):
            async with exposition.exposed(world.app):
                pass


async def test_every_answer_carries_the_id_that_stands_in_the_log(world, logged):
    answer = await world.program().post("/api/processings/6f0e0a52-6f7c-4a53-9d62-0f5b1f6a7c11/cancel")
    given = await world.program().get("/healthz", headers={"x-request-id": "from-the-proxy-1"})
    odd = await world.program().get("/healthz", headers={"x-request-id": 'x" y'})
    assert len(answer.headers["x-request-id"]) == 32
    assert given.headers["x-request-id"] == "from-the-proxy-1"
    assert len(odd.headers["x-request-id"]) == 32
    assert ("POST", "/api/processings/{processing_id}/cancel", 404) in {
        (e.get("method"), e.get("route"), e.get("status")) for e in logged if e["event"] == "request"
    }


def test_no_metric_is_about_a_person():
    labels = {label for metric in metrics.REGISTRY.collect() for s in metric.samples for label in s.labels}
    assert not labels & {"user_id", "account", "email", "meeting", "topic", "path"}
