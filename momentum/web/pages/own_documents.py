"""What can be written: the kinds that Momentum knows, and a person's own as forms."""

from __future__ import annotations

from itertools import zip_longest
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response
from pydantic import ValidationError

from momentum.errors import ErrorCode, Invalid
from momentum.store import templates
from momentum.web.api.template_models import FormRequest
from momentum.web.api.templates import form_of
from momentum.web.door import World
from momentum.web.pages import words
from momentum.web.view import Acting, Reading, SignedIn, see_other
from momentum.web.witness import audited
from momentum.writers import LABELS, WRITERS
from momentum.writers import own as own_writers

router = APIRouter(include_in_schema=False)

EMPTY_ROWS = 3
"""Sections without a word that a form offers beside those it has."""
NOT_A_FORM = "A kind of document needs a name, a purpose, and one section with a heading of its own and a question."

Lines = Annotated[list[str] | None, Form(max_length=50)]
Line = Annotated[str, Form(max_length=1_000)]


@router.get("/settings/documents")
async def documents(world: World, view: Reading) -> Response:
    """Every kind of document."""
    async with world.database.person(view.person) as connection:
        mine = await templates.listed(connection, view.person)
    return view.page("settings_documents.html", writers=WRITERS, kinds=LABELS, mine=mine, has_model=bool(world.settings.openai_api_key))


@router.get("/settings/documents/new")
async def new(view: Reading) -> Response:
    """An empty form."""
    return _form_page(view, None)


@router.get("/settings/documents/{template_id}")
async def one(world: World, view: Reading, template_id: UUID) -> Response:
    """A form of one's own, to change or to delete."""
    async with world.database.person(view.person) as connection:
        return _form_page(view, await templates.get(connection, template_id))


def _form_page(view: SignedIn, found: templates.Template | None) -> Response:
    sections: list[Any] = list(found.form.sections) if found else []
    rows = [*sections, *[None] * min(EMPTY_ROWS, own_writers.MOST_SECTIONS - len(sections))]
    return view.page("own_document.html", found=found, rows=rows, holds=words.HOLDS)


class Filled:
    """The form as it was filled in; rows without a heading and a question are left out."""

    def __init__(
        self, name: Line = "", purpose: Line = "", summary: Line = "", heading: Lines = None, question: Lines = None, holds: Lines = None
    ) -> None:
        rows = zip_longest(heading or [], question or [], holds or [], fillvalue="")
        sections = [{"heading": h, "question": q, "holds": k or "statements"} for h, q, k in rows if h.strip() or q.strip()]
        self._values = {"name": name, "purpose": purpose, "summary": summary.strip(), "sections": sections}

    def form(self) -> own_writers.Form:
        """Raises Invalid."""
        try:
            return form_of(FormRequest.model_validate(self._values))
        except ValidationError:
            raise Invalid(ErrorCode.INVALID_REQUEST, NOT_A_FORM) from None


@router.post("/settings/documents/new", dependencies=[audited("template.create")])
async def create(world: World, view: Acting, filled: Annotated[Filled, Depends()]) -> Response:
    """The button under an empty form."""
    form = filled.form()
    async with world.database.person(view.person) as connection:
        await templates.create(connection, view.person, form)
    return see_other("/settings/documents")


@router.post("/settings/documents/{template_id}", dependencies=[audited("template.change", "template")])
async def change(world: World, view: Acting, template_id: UUID, filled: Annotated[Filled, Depends()]) -> Response:
    """The button under a form that is changed: a new version."""
    form = filled.form()
    async with world.database.person(view.person) as connection:
        await templates.change(connection, view.person, template_id, form)
    return see_other("/settings/documents")


@router.post("/settings/documents/{template_id}/delete", dependencies=[audited("template.delete", "template")])
async def delete(world: World, view: Acting, template_id: UUID) -> Response:
    """The button that deletes it."""
    async with world.database.person(view.person) as connection:
        await templates.remove(connection, template_id)
    return see_other("/settings/documents")
