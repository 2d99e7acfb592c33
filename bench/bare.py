"""What `GET /api/zoom/status` is compared with: one FastAPI route with the same token check, row-level set-up and query, nothing else.

Run as a process of its own with an installation's settings; serves on the port it is given until it is told to stop.
"""

import sys
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Request

from momentum import logs
from momentum.app import App, open_app
from momentum.cli import stopping
from momentum.inbound import listening
from momentum.settings import load_settings
from momentum.store import profiles, standing
from momentum.web.tokens import TokenVerifier
from momentum.web.trust import rules_for


def application(app: App, person: UUID) -> FastAPI:
    site = FastAPI()
    verifier = TokenVerifier(rules_for(app.settings), fetch_keys=_no_keys, clock=app.clock)
    query = standing.QUERIES["zoom"]

    async def asking(request: Request) -> UUID:
        await verifier.verify(request.headers["authorization"].removeprefix("Bearer "))
        return person

    @site.get("/status")
    async def status(user_id: Annotated[UUID, Depends(asking)]) -> Any:
        return await app.database.hot.row(user_id, query, {"person": user_id})

    return site


async def _no_keys(_url: str) -> Any:
    raise LookupError("A token signed with the shared secret needs no published keys.")


async def main(port: int, issuer: str, subject: str) -> None:
    logs.configure("error", "json")
    async with open_app(load_settings()) as app:
        async with app.database.nobody() as connection:
            person = (await profiles.resolve(connection, issuer=issuer, subject=subject, email=None, name=None)).id
        async with listening(application(app, person), host="127.0.0.1", port=port):
            print("serving", flush=True)
            await stopping.until_told_to_stop()


if __name__ == "__main__":
    stopping.run(main(int(sys.argv[1]), *sys.argv[2:]))
