"""A person's own kinds of document: forms of sections and questions, every version of each."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, status

from momentum.store import templates
from momentum.web.api.template_models import FormRequest, TemplateItem, Templates
from momentum.web.door import Asking, World
from momentum.web.failures import responses
from momentum.web.witness import about, audited
from momentum.writers.own import PREFIX, Form, FormSection

router = APIRouter(prefix="/api/templates", tags=["templates"])

Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="By default the newest.")]


@router.post("", responses=responses(401, 403, 409, 413), status_code=status.HTTP_201_CREATED, dependencies=[audited("template.create")])
async def create_template(world: World, person: Asking, asked: Request, wanted: FormRequest) -> TemplateItem:
    """Keep a form; its `writer` is a name that a download's `deliverables` may hold from now on."""
    async with world.database.person(person.user_id) as connection:
        made = await templates.create(connection, person.user_id, form_of(wanted))
    about(asked, "template", made.id)
    return _item(made)


@router.get("", responses=responses(401))
async def list_templates(world: World, person: Asking) -> Templates:
    """Your forms, by name, each in its newest version."""
    async with world.database.person(person.user_id) as connection:
        found = await templates.listed(connection, person.user_id)
    return Templates(templates=[_item(template) for template in found])


@router.get("/{template_id}", responses=responses(401, 404))
async def get_template(world: World, person: Asking, template_id: UUID, version: Version = None) -> TemplateItem:
    """One form."""
    async with world.database.person(person.user_id) as connection:
        return _item(await templates.get(connection, template_id, version))


@router.put("/{template_id}", responses=responses(401, 403, 404, 409, 413), dependencies=[audited("template.change", "template")])
async def change_template(world: World, person: Asking, template_id: UUID, wanted: FormRequest) -> TemplateItem:
    """A new version of it; documents that were written by an older one stay as they are."""
    async with world.database.person(person.user_id) as connection:
        return _item(await templates.change(connection, person.user_id, template_id, form_of(wanted)))


@router.delete(
    "/{template_id}",
    responses=responses(401, 403, 404),
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[audited("template.delete", "template")],
)
async def delete_template(world: World, person: Asking, template_id: UUID) -> None:
    """Delete it with all its versions; what was written by it stays."""
    async with world.database.person(person.user_id) as connection:
        await templates.remove(connection, template_id)


def form_of(wanted: FormRequest) -> Form:
    """The form that was asked for."""
    sections = tuple(FormSection(s.heading, s.question, s.holds) for s in wanted.sections)
    return Form(wanted.name, wanted.purpose, sections, wanted.summary)


def _item(found: templates.Template) -> TemplateItem:
    form = found.form
    return TemplateItem.model_validate(
        {"id": found.id, "writer": f"{PREFIX}{found.id}", "created_at": found.created_at}
        | {name: getattr(form, name) for name in ("version", "name", "purpose", "sections", "summary")}
    )
