"""A person's own kinds of document: kept, changed in versions, deleted, and what a form may hold."""

import pytest
from sqlalchemy import text

pytestmark = pytest.mark.anyio

SECTION = {"heading": "Went well", "question": "What went well?", "holds": "statements"}
FORM = {"name": "Retrospective", "purpose": "For the team.", "sections": [SECTION], "summary": ""}
UNKNOWN = "0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10"


async def test_a_form_is_kept_changed_in_versions_and_deleted(world, refuses):
    ada = world.program("ada")
    answer = await ada.post("/api/templates", json=FORM | {"name": "  Retrospective "})
    assert answer.status_code == 201
    made = answer.json()
    assert {name: made[name] for name in FORM} == FORM
    assert (made["version"], made["writer"]) == (1, f"own:{made['id']}")
    where = f"/api/templates/{made['id']}"
    tasks = {"heading": "Tasks", "question": "Who does what?", "holds": "tasks"}
    changed = (await ada.put(where, json=FORM | {"sections": [SECTION, tasks]})).json()
    assert (changed["version"], len(changed["sections"])) == (2, 2)
    assert (await ada.get(where)).json() == changed
    assert (await ada.get(where, params={"version": 1})).json() == made
    refuses(await ada.get(where, params={"version": 3}), 404, "not_found")
    await ada.post("/api/templates", json=FORM | {"name": "Another"})
    listed = (await ada.get("/api/templates")).json()["templates"]
    assert [(t["name"], t["version"]) for t in listed] == [("Another", 1), ("Retrospective", 2)]
    assert (await ada.delete(where)).status_code == 204
    for answer in (await ada.get(where), await ada.put(where, json=FORM), await ada.delete(where)):
        refuses(answer, 404, "not_found")


WRONG = [
    FORM | {"name": "  "},
    FORM | {"name": "x" * 81},
    FORM | {"purpose": "x" * 501},
    FORM | {"sections": []},
    FORM | {"sections": [SECTION | {"heading": f"H{n}"} for n in range(13)]},
    FORM | {"sections": [SECTION, SECTION | {"heading": "went WELL"}]},
    FORM | {"sections": [SECTION | {"question": ""}]},
    FORM | {"sections": [SECTION | {"holds": "poems"}]},
    FORM | {"summary": "x" * 501},
    FORM | {"more": 1},
    {name: value for name, value in FORM.items() if name != "purpose"},
]


async def test_what_a_form_may_not_be(world, refuses, subtests):
    ada = world.program("ada")
    for number, wrong in enumerate(WRONG):
        with subtests.test(number=number):
            refuses(await ada.post("/api/templates", json=wrong), 422, "invalid_request")
    assert (await ada.get("/api/templates")).json() == {"templates": []}


async def test_there_are_only_so_many(world, refuses):
    ada = world.program("ada")
    made = (await ada.post("/api/templates", json=FORM)).json()
    async with world.app.database.person(await world.user_id("ada")) as connection:
        copy = "insert into templates (id, version, user_id, name, form) select gen_random_uuid(), 1, user_id, name, form from templates"
        for _ in range(7):
            await connection.execute(text(copy))
    assert "Delete one" in refuses(await ada.post("/api/templates", json=FORM), 409, "conflict")
    assert (await ada.put(f"/api/templates/{made['id']}", json=FORM)).json()["version"] == 2


async def test_a_form_is_asked_for_by_its_name_and_taken_as_it_is_then(world, refuses):
    ada = world.program("ada")
    await ada.connect()
    form = (await ada.post("/api/templates", json=FORM)).json()
    wanted = {"deliverables": [form["writer"], "minutes"]}
    first = (await ada.post("/api/zoom/download/81230000001", json=wanted)).json()
    assert (await ada.post("/api/zoom/download/81230000001", json=wanted)).json()["processing_id"] == first["processing_id"]
    await ada.put(f"/api/templates/{form['id']}", json=FORM | {"name": "Looking back"})
    changed = (await ada.post("/api/zoom/download/81230000001", json=wanted)).json()
    assert changed["created"]
    bob = world.program("bob")
    await bob.connect("tom.reed@momentum.example")
    for person, name in ((ada, f"own:{UNKNOWN}"), (ada, "own:" + "-" * 36), (bob, form["writer"])):
        meeting = "81230000001" if person is ada else (await bob.get("/api/zoom/meetings")).json()["meetings"][0]["id"]
        answer = await person.post(f"/api/zoom/download/{meeting}", json={"deliverables": [name]})
        assert "You have no form" in refuses(answer, 422, "invalid_request")
    refuses(await ada.post("/api/zoom/download/81230000001", json={"deliverables": ["own:x"]}), 422, "invalid_request")


async def test_the_language_of_ones_documents(world, refuses):
    ada = world.program("ada")
    await ada.connect()
    assert (await ada.get("/api/me")).json()["output_language"] is None
    plain = (await ada.post("/api/zoom/download/81230000001")).json()
    assert (await ada.patch("/api/me", json={"output_language": "de"})).json()["output_language"] == "de"
    assert (await ada.get("/api/me")).json()["output_language"] == "de"
    german = (await ada.post("/api/zoom/download/81230000001")).json()
    asked = (await ada.post("/api/zoom/download/81230000001", json={"output_language": "de"})).json()
    french = (await ada.post("/api/zoom/download/81230000001", json={"output_language": "fr"})).json()
    assert len({p["processing_id"] for p in (plain, german, french)}) == 3
    assert asked["processing_id"] == german["processing_id"]
    for wrong in ({"output_language": "Deutsch"}, {}, {"output_language": "de", "name": "x"}):
        refuses(await ada.patch("/api/me", json=wrong), 422, "invalid_request")
    assert (await ada.patch("/api/me", json={"output_language": None})).json()["output_language"] is None


async def test_a_refusal_is_told_in_our_words_alone(world, refuses):
    sections = [{"heading": heading, "question": "What?"} for heading in ("Same", "same")]
    answer = await world.program("ada").post("/api/templates", json={"name": "Twice", "purpose": "None.", "sections": sections})
    assert refuses(answer, 422, "invalid_request") == "body: two sections have the same heading."
