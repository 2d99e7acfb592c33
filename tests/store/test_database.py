import pytest
from sqlalchemy import text

pytestmark = pytest.mark.anyio


async def test_the_app_is_no_superuser_and_cannot_bypass_policies(database):
    async with database.nobody() as connection:
        row = (await connection.execute(text("select * from pg_roles where rolname = current_user"))).one()

    assert (row.rolname, row.rolsuper, row.rolbypassrls) == ("momentum_app", False, False)


async def test_one_transaction_sees_one_person(database, person, other_person):
    async with database.person(person) as connection:
        seen = (await connection.execute(text("select id from profiles"))).scalars().all()

    assert seen == [person]
