from uuid import uuid4

import numpy as np
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from momentum.clock import real_clock
from momentum.corrections import ConfirmClaim
from momentum.model import Answer, Heard, Usage
from momentum.pipeline.index import embed, index
from momentum.redaction import NOTHING, Redaction
from momentum.store import api_keys, corrections, recordings, redactions, sessions, tables, templates
from momentum.store.answers import StoredAnswers
from momentum.store.chunks import StoredLedger
from momentum.store.connection import sqlstate
from momentum.store.database import WITHOUT_OWNER
from momentum.writers.own import Form, FormSection

pytestmark = pytest.mark.anyio

PROTECTED = sorted(table.name for table in tables.metadata.sorted_tables if table.name not in WITHOUT_OWNER)
OWNED = [name for name in PROTECTED if not name.startswith("audit_") and name != "sendings"]
"""What a person's own transaction may change; not so the audit trail (test_audit.py) and what was sent (test_sendings.py)."""
LOOKUPS = {
    "account_owner", "answer_figures", "audit_head", "audit_page", "chain_audit", "chunk_figures", "forget_expired", "mark_dispatched",
    "outcome_figures", "passages_with", "peek_oauth_state", "people", "processing_owner", "queue_figures", "remember_deletion",
    "resolve_person", "session_person", "shared", "suspend_account", "take_oauth_state", "undispatched_processings", "use_api_key",
    "use_login_link", "waiting_indexings",
}  # fmt: skip


class OneWay:
    """An embedder to which everything means the same."""

    name, host, languages = "one way", None, None

    async def embed(self, texts):
        return [np.ones(1, np.float32)] * len(texts)


@pytest.fixture
def administrator(owner_dsn):
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def lived_in(database, person, other_person, lead_a_life):
    """Two people, each with a row in every owned table."""
    for user_id in (person, other_person):
        await lead_a_life(user_id)


@pytest.fixture
def lead_a_life(database, running_processing, keep_results, now):
    async def lead(user_id):
        processing = await running_processing(user_id)
        transcript_id, deliverable_id = await keep_results(processing)
        await StoredLedger(database, user_id, processing.id, processing.recording_id).put("k", Heard((), "en"), engine="e", seconds=1.0)
        await StoredAnswers(database, user_id, processing.id, processing.recording_id).put("k", Answer({}, Usage(), "m"))
        async with database.person(user_id) as connection:
            token = str(user_id)
            await redactions.put(connection, user_id, Redaction.of(["email"], []))
            await sessions.create(connection, user_id=user_id, token=token, expires_at=now)
            await sessions.create_link(connection, user_id=user_id, token=token, expires_at=now)
            enrolled = {"recording_id": processing.recording_id, "name": "Ada", "encoder": "e", "vector": "sealed", "seconds": 20.0}
            await connection.execute(insert(tables.voices).values(user_id=user_id, consented_at=now, **enrolled))
            await api_keys.create(connection, user_id, api_keys.fresh(), name="Report", scopes=[], now=now, expires_at=None)
            await templates.create(connection, user_id, Form("Retro", "For the team.", (FormSection("Mood", "How was it?"),)))
            share = {"deliverable_id": deliverable_id, "token_hash": token.encode(), "created_at": now, "expires_at": now}
            await connection.execute(insert(tables.shares).values(user_id=user_id, **share))
            await recordings.note_discovery(connection, user_id, "zoom", now.date(), now.date(), now=now)
            tokens = {"access_token": "sealed", "refresh_token": "sealed", "expires_at": now, "zoom_user_id": token}
            await connection.execute(insert(tables.zoom_credentials).values(user_id=user_id, **tokens))
            state = {"state_hash": token.encode(), "provider": "zoom", "code_verifier": "sealed", "expires_at": now}
            await connection.execute(insert(tables.oauth_states).values(user_id=user_id, **state))
            of = {"user_id": user_id, "recording_id": processing.recording_id, "transcript_id": transcript_id}
            await corrections.add(connection, **of, deliverable_id=deliverable_id, layer=ConfirmClaim(0), now=now)
        await index(database, user_id, processing.recording_id)
        await embed(database, user_id, processing.recording_id, OneWay(), NOTHING, clock=real_clock)

    return lead


def _owner_column(table):
    return "id" if table == "profiles" else "user_id"


# --- the catalogue ----------------------------------------------------------------------------------

UNPROTECTED = """
    select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'f', 'm', 'v')
        and (not c.relrowsecurity or not c.relforcerowsecurity or not exists (select from pg_policy p where p.polrelid = c.oid))
"""


def _unprotected(administrator):
    return {name for (name,) in administrator.execute(UNPROTECTED)}


def test_every_table_is_under_a_forced_policy_or_on_the_list_with_its_reason(administrator):
    assert _unprotected(administrator) == set(WITHOUT_OWNER)
    assert all(WITHOUT_OWNER.values())


def test_the_walk_would_find_a_forgotten_table(administrator):
    administrator.execute("create table forgotten (user_id uuid)")
    administrator.execute("create table half (user_id uuid); alter table half enable row level security")
    administrator.execute("create policy person on half using (true)")

    assert _unprotected(administrator) - set(WITHOUT_OWNER) == {"forgotten", "half"}


def test_a_policy_for_everybody_speaks_of_the_person(administrator):
    rows = administrator.execute("select tablename, qual, with_check from pg_policies where 'public' = any(roles)").fetchall()

    assert {name for name, _, _ in rows} == set(PROTECTED)
    assert all("momentum.user_id" in condition and check is None for _, condition, check in rows)


def test_only_the_listed_functions_run_with_other_rights(administrator):
    query = """
        select proname, proowner::regrole::text, proconfig, has_function_privilege('public', oid, 'execute')
        from pg_proc where prosecdef and pronamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
    """
    rows = administrator.execute(query).fetchall()

    assert {name for name, *_ in rows} == LOOKUPS
    assert {tuple(row[1:]) for row in [(n, o, tuple(c), p) for n, o, c, p in rows]} == {
        ("momentum_definer", ("search_path=pg_catalog, public, pg_temp",), False)
    }


def test_no_role_of_ours_has_power(administrator):
    query = "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname like 'momentum%' order by 1"
    login = administrator.execute("select rolcanlogin from pg_roles where rolname = 'momentum_definer'").fetchone()

    assert [row[1:] for row in administrator.execute(query)] == [(False,) * 4] * 2
    assert login == (False,)


@pytest.mark.parametrize("statement", ["delete from alembic_version", "table deleted_people", "insert into deleted_people values ('x')"])
def test_the_app_cannot_reach_what_is_not_its_own(app_dsn, statement):
    with psycopg.connect(app_dsn) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)


# --- two people -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("lived_in")
async def test_the_fixture_has_a_row_of_both_in_every_owned_table(administrator):
    counts = {name: administrator.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(name))).fetchone()[0] for name in OWNED}

    assert min(counts.values()) >= 2, counts


@pytest.fixture
def rows_of(administrator):
    """Everything a table has of a person."""
    return lambda name, user_id: administrator.execute(
        f"select * from {name} where {_owner_column(name)} = %s order by 1, 2", [user_id]
    ).fetchall()


@pytest.mark.usefixtures("lived_in")
async def test_nobody_sees_changes_or_takes_another_persons_rows(do, rows_of, person, other_person):
    found = {}
    before = {name: rows_of(name, other_person) for name in OWNED}
    for name in OWNED:
        key = _owner_column(name)
        seen = await do(person, f"select distinct {key} from {name}")
        changed = await do(person, f"update {name} set {key} = {key} where {key} = :them", them=other_person)
        taken = await do(person, f"delete from {name} where {key} = :them", them=other_person)
        found[name] = (seen.scalars().all(), changed.rowcount, taken.rowcount)

    assert found == dict.fromkeys(OWNED, ([person], 0, 0))
    assert {name: rows_of(name, other_person) for name in OWNED} == before


@pytest.mark.usefixtures("lived_in")
async def test_a_row_cannot_be_given_to_or_made_for_somebody_else(do, person, other_person):
    for name in set(OWNED) - {"profiles"}:
        own = [c for c in tables.metadata.tables[name].c if c.identity is None and c.computed is None and c.name != "user_id"]
        columns = ", ".join(f'"{c.name}"' for c in own)
        with pytest.raises(DBAPIError, match="row-level security"):
            await do(person, f"update {name} set user_id = :them", them=other_person)
        with pytest.raises(DBAPIError, match="row-level security"):
            await do(person, f"insert into {name} (user_id, {columns}) select :them, {columns} from {name}", them=other_person)


@pytest.mark.usefixtures("lived_in")
async def test_without_a_person_there_is_nothing(database):
    async with database.nobody() as connection:
        found = {name: await connection.scalar(text(f"select count(*) from {name}")) for name in OWNED}

    assert found == dict.fromkeys(OWNED, 0)


@pytest.mark.usefixtures("lived_in")
async def test_a_stranger_sees_nothing(database):
    async with database.person(uuid4()) as connection:
        for name in OWNED:
            assert await connection.scalar(text(f"select count(*) from {name}")) == 0


async def test_the_app_makes_no_profile_past_the_look_up(do, person):
    with pytest.raises(DBAPIError) as caught:
        await do(person, "insert into profiles (id, issuer, subject) values (gen_random_uuid(), 'i', 's')")

    assert sqlstate(caught.value) == "42501"
