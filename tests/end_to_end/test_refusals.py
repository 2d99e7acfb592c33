"""What people are refused, and what they can do about it: meetings, connections, the operator's own mistakes."""

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("end_to_end")]

MAYA, TOM = "maya.chen@momentum.example", "tom.reed@momentum.example"
TOMS = "81230000004"


def refused(answer, status, code):
    """Holds the answer to the one shape; gives its sentence."""
    body = answer.json()
    assert (answer.status_code, body["status_code"], body["error_code"]) == (status, status, code), body
    assert set(body) == {"detail", "error_code", "status_code"}
    assert body["detail"].endswith((".", "?"))
    return body["detail"]


@pytest.mark.parametrize("meeting", ["99999999999", "n0Such+Meeting/Here==", "/slash//everywhere==", "%00", "💥", "x" * 400])
async def test_a_meeting_nobody_knows_is_not_found(house, ada, meeting):
    answer = await ada.download(meeting)
    assert answer.json()["error_code"] in {"recording_not_found", "invalid_request"}, answer.text
    assert answer.status_code in {404, 422}
    if meeting.startswith(("9", "n", "/")):
        refused(answer, 404, "recording_not_found")


async def test_a_listed_meeting_that_is_being_prepared_is_waited_for(house, ada):
    await ada.http.get("/api/zoom/meetings")
    house.zoom.faults.set("ripening", stage="processing")
    waiting = await ada.outcome()
    assert (waiting["state"], waiting["error_code"]) == ("waiting", "recording_not_ready")
    assert waiting["error_detail"] == "Zoom is still preparing this recording."
    house.zoom.faults.clear()
    await house.later(hours=2)
    await ada.until(waiting["id"], "done")


async def test_another_persons_meeting_and_all_made_of_it_do_not_exist(house, ada, people):
    tom = people("tom")
    assert (await tom.connect(TOM)).status_code == 200
    toms = await tom.outcome(TOMS, until=("done",))
    refused(await ada.download(TOMS), 404, "recording_not_found")
    for path in (
        f"/api/processings/{toms['id']}",
        f"/api/processings/{toms['id']}/events",
        f"/api/transcripts/{toms['transcript_id']}",
        f"/api/transcripts/{toms['transcript_id']}?format=vtt",
        f"/api/deliverables/{toms['deliverable_ids'][0]}",
    ):
        refused(await ada.http.get(path), 404, "not_found")
    for verb in ("cancel", "retry"):
        refused(await ada.http.post(f"/api/processings/{toms['id']}/{verb}"), 404, "not_found")
    assert TOMS not in (await ada.http.get("/api/zoom/meetings")).text


async def test_without_a_connection_the_way_to_one_is_said(house, ada):
    before = await ada.outcome(until=("done",))
    assert (await ada.http.delete("/api/zoom/disconnect")).status_code == 200
    assert "onnect" in refused(await ada.http.get("/api/zoom/meetings"), 409, "not_connected")
    refused(await ada.download(), 409, "not_connected")
    assert (await ada.document(before))["title"], "what was made stays"
    await ada.connect()
    await ada.process(force=True)


@pytest.mark.parametrize("fault", ["admin_disabled", "invalid_token"])
async def test_a_grant_that_ends_stops_the_work_until_the_person_reconnects(house, ada, fault):
    house.zoom.faults.set("download_500")
    waiting = await ada.outcome(until=("waiting",))
    house.zoom.faults.clear()
    house.zoom.faults.set(fault)
    await house.later(minutes=1)
    stopped = await ada.until(waiting["id"], "action_required")
    assert stopped["error_code"] == "reconnect_required"
    assert stopped["error_detail"] == "Zoom no longer accepts this connection. Connect Zoom again."
    calls = len(house.zoom.requests)
    refused(await ada.download(force=True), 409, "reconnect_required")
    assert len(house.zoom.requests) == calls, "no more calls until somebody has acted"
    house.zoom.faults.clear()
    assert (await ada.connect()).status_code == 200
    await ada.until(stopped["id"], "done")


async def test_a_wrong_client_secret_is_the_operators_to_mend(house, people):
    eva = people("eva")
    house.zoom.faults.set("invalid_client")
    sentence = refused(await eva.connect(), 409, "oauth_client_invalid")
    assert "does not accept the app's client id and secret" in sentence
    house.zoom.faults.clear()
    assert (await eva.connect()).status_code == 200


async def test_a_client_secret_that_becomes_wrong_stops_the_work_with_that_sentence(house, ada):
    house.zoom.faults.set("download_500")
    waiting = await ada.outcome(until=("waiting",))
    house.zoom.faults.clear()
    house.zoom.faults.set("invalid_client")
    await house.later(hours=2)  # the access token has run out
    stopped = await ada.until(waiting["id"], "action_required")
    assert stopped["error_code"] == "oauth_client_invalid"
    assert "client id and secret" in stopped["error_detail"]
    house.zoom.faults.clear()
    await ada.until(await ada.retry(stopped["id"]), "done")
