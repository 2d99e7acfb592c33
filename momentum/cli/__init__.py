"""Commands for people. Each is one file; this one is the list."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from momentum.cli import stopping
from momentum.errors import MomentumError

application = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Minutes you can trust, from a team's recordings."
)
keys = typer.Typer(no_args_is_help=True, help="The keys that seal tokens.")
application.add_typer(keys, name="keys")
audit = typer.Typer(no_args_is_help=True, help="The trail of who did what.")
application.add_typer(audit, name="audit")


@application.command("process")
def process_command(
    files: Annotated[list[str], typer.Argument(help="Audio or video files.")],
    out: Annotated[str | None, typer.Option(help="Folder for the results; default beside each file.")] = None,
    language: Annotated[str | None, typer.Option(help="Language spoken (ISO 639-1); default detected.")] = None,
    format: Annotated[  # noqa: A002 -- the option's name
        list[str] | None, typer.Option(help="Also as md, html, docx, pdf, json, txt, vtt or srt; may be given more than once.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of sentences.")] = False,
) -> None:
    """Transcribe files and write their deliverables, without a Zoom account."""
    from momentum.cli.process_files import run

    raise typer.Exit(run(files, out=out, language=language, formats=format or (), as_json=json))


@application.command("serve")
def serve_command(
    worker: Annotated[bool, typer.Option(help="Also process recordings in this process.")] = True,
) -> None:
    """Web server and worker in one process."""
    from momentum.cli.serve import run

    stopping.end(run(with_web=True, with_worker=worker))


@application.command("worker")
def worker_command() -> None:
    """A worker alone: as many as you like, on one DATABASE_URL."""
    from momentum.cli.serve import run

    stopping.end(run(with_web=False, with_worker=True))


@application.command("demo")
def demo_command(
    once: Annotated[bool, typer.Option("--once", help="Stop when the deliverable is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
    port: Annotated[int, typer.Option(help="Port of the web server; 0 = a free one.")] = 0,
    out: Annotated[str, typer.Option(help="With --once: folder where transcript and deliverable stay.")] = "momentum-demo",
) -> None:
    """Watch it work against a local Zoom: connect, list, process, read."""
    from momentum.cli.demo import run

    stopping.end(run(once=once, as_json=json, port=port, out=out))


@application.command("sandbox")
def sandbox_command(
    *,
    port: Annotated[int, typer.Option(help="Port of the local Zoom.")] = 8100,
    recordings: Annotated[int, typer.Option(help="How many generated recordings to add.")] = 0,
    fault: Annotated[list[str] | None, typer.Option(help="A fault to switch on; may be given more than once.")] = None,
    redirect_uri: Annotated[
        list[str] | None, typer.Option(help="A redirect URL registered with the app; may be given more than once. Default: Momentum's own.")
    ] = None,
    classic_scopes: Annotated[bool, typer.Option("--classic-scopes", help="An app with classic scopes instead of granular ones.")] = False,
    extra_scope: Annotated[list[str] | None, typer.Option(help="A scope the app has besides; may be given more than once.")] = None,
    auto_approve: Annotated[bool, typer.Option("--auto-approve", help="Allow at once, without a consent page.")] = False,
) -> None:
    """A local Zoom to try Momentum against, with its faults on switches."""
    from momentum.cli.sandbox import run

    raise typer.Exit(
        run(
            port=port,
            recordings=recordings,
            faults=fault or (),
            redirect_uris=redirect_uri or (),
            classic_scopes=classic_scopes,
            extra_scopes=extra_scope or (),
            auto_approve=auto_approve,
        )
    )


@application.command("doctor")
def doctor_command(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """What is set, from where, what is missing for which feature; tries each connection."""
    from momentum.cli.doctor import run

    raise typer.Exit(run(as_json=json))


@application.command("token")
def token_command(
    subject: Annotated[str | None, typer.Option(help="Who the token is for; default the person of `momentum link`.")] = None,
    hours: Annotated[float, typer.Option(help="How long it is valid.")] = 1.0,
) -> None:
    """A bearer token for the API, signed with JWT_SECRET or the local secret."""
    from momentum.cli.tokens import run

    raise typer.Exit(run(subject=subject, hours=hours))


@application.command("link")
def link_command(
    home: Annotated[str | None, typer.Option(help="MOMENTUM_HOME of a running demo, which prints the whole command.")] = None,
    port: Annotated[int, typer.Option(help="Port of that demo's web server.")] = 8000,
) -> None:
    """A one-time link that signs the local person in."""
    from momentum.cli.link import run

    raise typer.Exit(run(home=home, port=port))


@application.command("openapi")
def openapi_command() -> None:
    """The description of the API, as JSON."""
    import json

    from momentum.web.site import description

    print(json.dumps(description(), indent=1, ensure_ascii=False))


@keys.command("rotate")
def rotate_command(drop: Annotated[bool, typer.Option(help="Forget the former keys afterwards.")] = False) -> None:
    """Seal everything anew under a new key, while everything runs."""
    from momentum.cli.keys import rotate

    raise typer.Exit(rotate(drop=drop))


@audit.command("verify")
def audit_verify_command(
    head: Annotated[str | None, typer.Option(help="NUMBER:HASH that the log or an earlier run told; the trail must still hold it.")] = None,
) -> None:
    """Check that no entry was changed, left out or put in between."""
    from momentum.cli.audit import verify

    raise typer.Exit(verify(head=head))


@audit.command("show")
def audit_show_command() -> None:
    """Print the whole trail, one JSON object a line."""
    from momentum.cli.audit import show

    raise typer.Exit(show())


def main() -> None:
    """Entry point: foreseen failures are one sentence on standard error and exit code 1; a signal ends it with 130."""
    try:
        application()
    except MomentumError as error:
        print(f"momentum: {error.detail} [{error.code}]", file=sys.stderr)
        sys.exit(1)
    except asyncio.CancelledError:
        stopping.end(stopping.STOPPED)
