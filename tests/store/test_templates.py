"""A person's own forms: changes at the same time."""

import asyncio

import pytest

from momentum.errors import NotFound
from momentum.store import templates
from momentum.writers.own import Form, FormSection

pytestmark = pytest.mark.anyio

FORM = Form("Retrospective", "For the team.", (FormSection("Went well", "What went well?"),))


async def test_two_changes_at_the_same_time_are_two_versions(database, person):
    async with database.person(person) as connection:
        made = await templates.create(connection, person, FORM)
    held, let_go = asyncio.Event(), asyncio.Event()

    async def first():
        async with database.person(person) as connection:
            changed = await templates.change(connection, person, made.id, FORM)
            held.set()
            await let_go.wait()
        return changed

    async def second():
        await held.wait()
        async with database.person(person) as connection:
            asyncio.get_running_loop().call_later(0.2, let_go.set)  # by then it waits for the first one
            return await templates.change(connection, person, made.id, FORM)

    changes = await asyncio.gather(first(), second())
    assert [change.form.version for change in changes] == [2, 3]


async def test_somebody_elses_form_is_not_changed(database, person, other_person):
    async with database.person(person) as connection:
        made = await templates.create(connection, person, FORM)
    async with database.person(other_person) as connection:
        with pytest.raises(NotFound):
            await templates.change(connection, other_person, made.id, FORM)
