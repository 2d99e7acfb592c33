import asyncio
import re
from importlib.resources import files
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.pool import NullPool

from momentum.errors import ErrorCode, MomentumError
from momentum.store import deliverables, migrations, profiles
from momentum.store.connection import engine
from momentum.store.database import Database, migrate, prepare
from momentum.store.tables import metadata

pytestmark = pytest.mark.anyio

CATALOGUE = """
    select 'column' as kind, attrelid::regclass::text as name,
            concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, attidentity, pg_get_expr(adbin, adrelid)) as meaning
        from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attnum > 0 and not attisdropped and attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
    union all select 'relation', relname,
            concat_ws(' ', relkind, relrowsecurity, relforcerowsecurity, relowner::regrole, array(select unnest(relacl)::text order by 1))
        from pg_class where relnamespace = 'public'::regnamespace
    union all select 'constraint', conname, concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid))
        from pg_constraint where connamespace = 'public'::regnamespace
    union all select 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid)
        from pg_index where indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
    union all select 'policy', concat_ws(' ', tablename, policyname), concat_ws(' ', permissive, roles, cmd, qual, with_check)
        from pg_policies where schemaname = 'public'
    union all select 'function', oid::regprocedure::text, concat_ws(' ', pg_get_functiondef(oid), proowner::regrole, proacl)
        from pg_proc where pronamespace in (select oid from pg_namespace where nspname in ('public', 'lookup')) and prokind = 'f'
    union all select 'trigger', tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all select 'default', defaclrole::regrole::text, array(select unnest(defaclacl)::text order by 1)::text from pg_default_acl
    union all select 'schema', nspname, concat_ws(' ', nspowner::regrole, array(select unnest(nspacl)::text order by 1))
        from pg_namespace where nspname !~ '^pg_(temp|toast)'
    order by 1, 2, 3
"""


@pytest.fixture
async def as_owner(owner_dsn):
    """Runs a function of a synchronous connection as the owner, in one transaction."""
    owner = engine(owner_dsn, poolclass=NullPool)

    async def run(work):
        async with owner.begin() as connection:
            return await connection.run_sync(work)

    return run


def _catalogue(connection):
    return [tuple(row) for row in connection.execute(text(CATALOGUE))]


async def test_up_down_up_ends_where_it_began(as_owner):
    before = await as_owner(_catalogue)
    await as_owner(lambda connection: migrations.downgrade(connection, "base"))
    bare = await as_owner(_catalogue)
    await as_owner(migrations.upgrade)

    assert await as_owner(_catalogue) == before
    assert {name for kind, name, _ in bare if kind == "relation"} == {"alembic_version", "alembic_version_pkc"}
    assert not [name for kind, name, _ in bare if kind in {"policy", "function", "trigger", "default"}]


async def test_what_a_former_release_wrote_is_read_after_the_upgrade(database, as_owner, person, keep_processing, keep_results, do):
    processing = await keep_processing(person)
    kept = [await keep_results(processing, made_from) for made_from in ("m1", "m2")]
    await do(person, "update deliverables set delivered = true")
    await as_owner(lambda connection: migrations.downgrade(connection, "0005"))
    await as_owner(migrations.upgrade)

    async with database.person(person) as connection:
        found = [await deliverables.get(connection, deliverable_id) for _, deliverable_id in kept]
        assert [(one.about.version, one.about.supersedes, one.deliverable.title) for one in found] == [(1, None, "Planning")] * 2
        assert len({one.about.series for one in found}) == 2
        belongs = {"user_id": person, "recording_id": processing.recording_id, "processing_id": processing.id, "transcript_id": kept[0][0]}
        series = found[0].about.series
        newer = await deliverables.save(connection, **belongs, made_from="m3", deliverable=found[0].deliverable, series=series)
        await deliverables.deliver(connection, [newer])
        about = (await deliverables.get(connection, newer)).about
    assert (about.version, about.supersedes) == (2, kept[0][1])


def _differences(connection):
    """What Alembic would change to make the models of the database, and which CHECKs only one of the two has."""
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return [change[0] if isinstance(change, tuple) else change[0][0] for change in compare_metadata(context, metadata)] + sorted(
        _checks(connection) ^ _checks_of_the_models(connection)
    )


def _checks(connection):
    """Alembic compares no CHECKs (https://alembic.sqlalchemy.org/en/latest/autogenerate.html#what-does-autogenerate-detect-and-what-does-it-not-detect)."""
    query = """
        select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint
        where contype = 'c' and connamespace = current_schema()::regnamespace
    """
    return set(connection.execute(text(query)).scalars())


def _checks_of_the_models(connection):
    before = connection.begin_nested()
    connection.execute(text("create schema models"))
    connection.execute(text("set local search_path to models"))
    metadata.create_all(connection, checkfirst=False)
    found = _checks(connection)
    before.rollback()
    return found


async def test_the_models_are_what_the_migrations_make(as_owner):
    assert await as_owner(_differences) == []


@pytest.mark.parametrize(
    ("statement", "noticed"),
    [
        ("alter table recordings drop column topic", ["add_column"]),
        ("alter table recordings alter column id drop default", ["modify_default"]),
        ("alter table processings alter column attempt set default 7", ["modify_default"]),
    ],
)
async def test_the_comparison_would_notice_a_difference(as_owner, statement, noticed):
    def differ(connection):
        connection.execute(text(statement))
        return _differences(connection)

    assert await as_owner(differ) == noticed


async def test_the_comparison_would_notice_a_dropped_check(as_owner):
    def differ(connection):
        names = "select conrelid::regclass::text, conname from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace"
        table, name = connection.execute(text(names)).first()
        connection.execute(text(f"alter table {table} drop constraint {name}"))
        return table, _differences(connection)

    table, (noticed,) = await as_owner(differ)
    assert noticed.startswith(f"{table} CHECK")


async def test_every_foreign_key_has_an_index(as_owner):
    query = text("""
        select conname from pg_constraint c where contype = 'f' and connamespace = 'public'::regnamespace
            and not exists (select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1])
    """)

    assert await as_owner(lambda connection: connection.execute(query).scalars().all()) == []


async def test_many_processes_may_prepare_at_once(empty_dsn):
    urls = await asyncio.gather(*(prepare(empty_dsn, own_login=True) for _ in range(5)))

    assert len(set(urls)) == 1
    assert await _works(urls[0])


async def test_migrating_again_changes_nothing(owner_dsn, as_owner):
    before = await as_owner(_catalogue)
    await migrate(owner_dsn)

    assert await as_owner(_catalogue) == before


async def test_the_app_role_owns_the_schema_of_the_job_engine(empty_dsn):
    url = await prepare(empty_dsn, own_login=True)
    with psycopg.connect(url) as app:
        app.execute("create table dbos.something (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("create table public.something (id int)")


async def test_a_schema_that_is_up_to_date_is_known_without_the_migration_tool(as_owner, monkeypatch):
    heads = ScriptDirectory(str(files(migrations))).get_heads()
    assert [migrations.newest()] == heads
    assert await as_owner(migrations.present) == heads[0]

    monkeypatch.setattr(command, "upgrade", None)
    await as_owner(migrations.upgrade)
    await as_owner(lambda connection: connection.execute(text("update alembic_version set version_num = '0001'")))
    with pytest.raises(TypeError):
        await as_owner(migrations.upgrade)


async def test_a_release_that_is_older_than_the_schema_starts(owner_dsn, as_owner):
    await as_owner(lambda connection: connection.execute(text("update alembic_version set version_num = '9000'")))
    await migrate(owner_dsn)
    assert await as_owner(migrations.present) == "9000"


async def test_an_empty_database_has_no_revision(empty_dsn):
    async with engine(empty_dsn, poolclass=NullPool).connect() as connection:
        assert await connection.run_sync(migrations.present) is None


# --- a given database, whose user is no superuser ----------------------------------------------------


@pytest.fixture
def plain_dsn(cluster, empty_dsn, template):
    """Makes a URL of a user without any rights, in an empty database."""
    made = []
    name = psycopg.conninfo.conninfo_to_dict(empty_dsn)["dbname"]

    def make():
        user = f"plain-{uuid4().hex[:8]}"
        made.append(user)
        with psycopg.connect(empty_dsn, autocommit=True) as administrator:
            administrator.execute(f'create role "{user}" login')
        return cluster.dsn(user, name)

    yield make
    for user in made:
        with psycopg.connect(empty_dsn, autocommit=True) as administrator:
            administrator.execute(f'drop owned by "{user}" cascade')
            administrator.execute(f'revoke momentum_app, momentum_definer from "{user}"')
            administrator.execute("drop schema if exists dbos, lookup cascade")
            administrator.execute(f'drop role "{user}"')


async def _works(url):
    database = await Database.open(url)
    try:
        async with database.nobody() as connection:
            profile = await profiles.resolve(connection, issuer="i", subject=uuid4().hex, email=None, name=None)
            role = await connection.scalar(text("select current_user"))
        async with database.person(profile.id) as connection:
            summary = await profiles.delete(connection, profile.id)
    finally:
        await database.aclose()
    return role == "momentum_app" and summary.recordings == 0


async def test_a_plain_user_is_told_exactly_what_to_grant(plain_dsn, empty_dsn):
    dsn = plain_dsn()
    with pytest.raises(MomentumError) as caught:
        await prepare(dsn)
    statements = re.search(r"run, in that database: (.*)", caught.value.detail).group(1)
    with psycopg.connect(empty_dsn, autocommit=True) as administrator:
        administrator.execute(statements)

    assert caught.value.code is ErrorCode.DATABASE_PRIVILEGE_MISSING
    assert await _works(await prepare(dsn))
    assert await _works(await prepare(dsn)), "a second start"


async def test_a_role_that_bypasses_policies_is_refused(empty_dsn, cluster):
    with psycopg.connect(empty_dsn, autocommit=True) as administrator:
        administrator.execute("alter role momentum_app bypassrls")
        try:
            with pytest.raises(MomentumError, match="NOBYPASSRLS") as caught:
                await prepare(empty_dsn)
        finally:
            administrator.execute("alter role momentum_app nobypassrls")

    assert caught.value.code is ErrorCode.DATABASE_PRIVILEGE_MISSING
