"""Every table, as SQLAlchemy Core: the one description that migrations are compared with.

A table with a `user_id` belongs to a person and is under forced row-level security; the few others
stand in `database.WITHOUT_OWNER`, each with its reason.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from momentum.store import columns
from momentum.store.tables_of_access import api_keys, login_links, sessions
from momentum.store.tables_of_search import indexings, passages, vectors
from momentum.store.tables_of_wishes import corrections, redactions, sendings, shares, templates, voices

__all__ = [
    "api_keys",
    "corrections",
    "indexings",
    "login_links",
    "passages",
    "redactions",
    "sendings",
    "sessions",
    "shares",
    "templates",
    "vectors",
    "voices",
]

metadata, NOW = columns.metadata, columns.NOW
_id, _owner, _of, _moment = columns.identity, columns.owner, columns.of, columns.moment


def credentials_table(provider: str) -> Table:
    """The table of one provider's credentials; all of them have this one shape."""
    return Table(
        f"{provider}_credentials",
        metadata,
        _id(),
        _owner(unique=True),
        Column("access_token", Text, nullable=False),
        Column("refresh_token", Text, nullable=False),
        _moment("expires_at", nullable=False),
        Column(f"{provider}_user_id", Text),
        Column(f"{provider}_email", Text),
        _moment("created_at", now=True),
        _moment("updated_at", now=True),
        Column("account_id", Text),
        Column("display_name", Text),
        Column("timezone", Text),
        Column("can_record", Boolean),
        Column("scopes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
        Column("api_base", Text),
        Column("state", Text, nullable=False, server_default=text("'active'")),
        Column("state_reason", Text),
        Column("state_scopes", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # that the provider named as missing
        # One provider account belongs to one person; the index is what makes two racing connects safe.
        UniqueConstraint(f"{provider}_user_id"),
    )


profiles = Table(
    "profiles",
    metadata,
    _id(),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("email", Text),
    Column("display_name", Text),
    _moment("created_at", nullable=False, now=True),
    _moment("signed_out_at"),
    Column("output_language", Text),
    UniqueConstraint("issuer", "subject"),
)

deleted_people = Table(
    "deleted_people",
    metadata,
    Column("person_hash", LargeBinary, primary_key=True),  # sha256 of issuer and subject: refuses old tokens, names nobody
    _moment("deleted_at", nullable=False, now=True),
)

zoom_credentials = credentials_table("zoom")

oauth_states = Table(
    "oauth_states",
    metadata,
    Column("state_hash", LargeBinary, primary_key=True),
    _owner(index=True),
    Column("provider", Text, nullable=False),
    Column("code_verifier", Text, nullable=False),  # sealed
    Column("browser_hash", LargeBinary),  # sha256 of the cookie set when the flow began
    _moment("expires_at", nullable=False),
)

recordings = Table(
    "recordings",
    metadata,
    _id(),
    _owner(),
    Column("provider", Text, nullable=False),
    Column("instance_id", Text, nullable=False),
    Column("meeting_number", Text),
    Column("topic", Text, nullable=False),
    _moment("started_at"),
    Column("timezone", Text),
    Column("duration_minutes", Integer),
    Column("size", BigInteger),
    Column("host_email", Text),
    Column("share_url", Text),
    Column("in_trash", Boolean, nullable=False, server_default=text("false")),
    Column("digest", Text, nullable=False),  # of all the provider says: tells "changed" from "seen again"
    _moment("first_seen_at", nullable=False, now=True),
    _moment("last_seen_at", nullable=False, now=True),
    _moment("changed_at", nullable=False, now=True),
    _moment("gone_at"),
    UniqueConstraint("user_id", "provider", "instance_id"),
    Index("ix_recordings_user_started", "user_id", text("coalesce(started_at, first_seen_at)"), "id"),
    Index("ix_recordings_user_number", "user_id", "meeting_number"),
)

recording_files = Table(
    "recording_files",
    metadata,
    _id(),
    _owner(index=True),
    _of("recording", index=False),
    Column("file_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("file_type", Text, nullable=False),
    Column("recording_type", Text, nullable=False),
    Column("extension", Text, nullable=False),
    Column("size", BigInteger),
    _moment("started_at"),
    _moment("ended_at"),
    Column("ready", Boolean, nullable=False),
    Column("participant", Text),
    _moment("gone_at"),
    UniqueConstraint("recording_id", "file_id"),
)

discoveries = Table(
    "discoveries",
    metadata,
    _owner(key=True),
    Column("provider", Text, nullable=False, primary_key=True),
    Column("since", Date, nullable=False),
    Column("until", Date, nullable=False),
    _moment("finished_at", nullable=False, now=True),
)

processings = Table(
    "processings",
    metadata,
    _id(),
    _owner(),
    _of("recording"),
    Column("provider", Text, nullable=False),
    Column("request_key", Text, nullable=False),  # person, instance, file set, options (and a nonce when forced)
    Column("options", JSONB, nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False, server_default=text("'queued'")),
    Column("step", Text),
    Column("fraction", Double),
    Column("error_code", Text),
    Column("error_detail", Text),
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column("failures", Integer, nullable=False, server_default=text("0")),  # of the current step, reset when it succeeds
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("seconds_per_step", JSONB, nullable=False, server_default=text("'{}'")),
    Column("remarks", JSONB, nullable=False, server_default=text("'{}'")),
    Column("audio_seconds", Double),
    Column("transcript_id", UUID(as_uuid=True), ForeignKey("transcripts.id", ondelete="SET NULL", use_alter=True), index=True),
    _moment("next_try_at"),
    _moment("dispatched_at"),  # when a worker handed it to the job engine; NULL = nobody has yet
    _moment("created_at", nullable=False, now=True),
    _moment("updated_at", nullable=False, now=True),
    _moment("started_at"),
    _moment("finished_at"),
    UniqueConstraint("user_id", "request_key"),
    CheckConstraint("state in ('queued','running','waiting','action_required','done','failed','cancelled')", name="state"),
    Index("ix_processings_user_created", "user_id", "created_at", "id"),
    Index("ix_processings_undispatched", "created_at", postgresql_where=text("dispatched_at is null and state in ('queued','waiting')")),
)

processing_events = Table(
    "processing_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _owner(index=True),
    _of("processing", index=False),
    _moment("at", nullable=False, now=True),
    Column("step", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("fraction", Double),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    Index("ix_processing_events_processing_id_id", "processing_id", "id"),
    Index(
        "ix_processing_events_ended",
        "at",
        postgresql_where=text("step = 'processing' and state in ('waiting', 'action_required', 'failed', 'done')"),
    ),
)

chunks = Table(
    "chunks",
    metadata,
    _owner(key=True),
    Column("key", Text, primary_key=True),  # sha256 of audio, engine and parameters
    _of("recording", nullable=True),
    Column("engine", Text, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("heard", JSONB, nullable=False),
    _moment("created_at", nullable=False, now=True),
    Index("ix_chunks_created_at", "created_at", postgresql_using="brin"),
)

answers = Table(
    "answers",
    metadata,
    _owner(key=True),
    Column("key", Text, primary_key=True),  # sha256 of messages, schema and model
    _of("recording", nullable=True),
    Column("model", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("usage", JSONB, nullable=False),
    _moment("created_at", nullable=False, now=True),
    Index("ix_answers_created_at", "created_at", postgresql_using="brin"),
)

transcripts = Table(
    "transcripts",
    metadata,
    _id(),
    _owner(),
    _of("recording"),
    _of("processing", index=False),
    Column("made_from", Text, nullable=False),  # key of the artefact: content, engine, parameters
    Column("source", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("language", Text),
    Column("seconds", Double, nullable=False),
    Column("word_count", Integer, nullable=False),
    Column("segments", JSONB, nullable=False),
    Column("gaps", JSONB, nullable=False, server_default=text("'[]'")),
    Column("participants", ARRAY(Text)),  # null: the provider was not asked
    Column("speakers", ARRAY(Text), Computed("lookup.speakers_of(segments)", persisted=True)),
    _moment("created_at", nullable=False, now=True),
    UniqueConstraint("processing_id", "made_from"),
    Index("ix_transcripts_user_created", "user_id", "created_at", "id"),
)

deliverables = Table(
    "deliverables",
    metadata,
    _id(),
    _owner(),
    _of("recording"),
    _of("processing", index=False),
    _of("transcript"),
    Column("made_from", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("writer_version", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("language", Text),
    Column("summary", Text, nullable=False),
    Column("extra", JSONB, nullable=False, server_default=text("'{}'")),
    Column("model", Text),
    Column("usage", JSONB, nullable=False, server_default=text("'{}'")),
    Column("coverage", JSONB, nullable=False, server_default=text("'{}'")),
    Column("delivered", Boolean, nullable=False, server_default=text("false")),  # shown to the person once every step is done
    _moment("created_at", nullable=False, now=True),
    Column("series", UUID(as_uuid=True), nullable=False, server_default=text("gen_random_uuid()")),  # of versions
    Column("version", Integer, nullable=False, server_default=text("1")),  # given when it is delivered
    Column("supersedes", UUID(as_uuid=True), ForeignKey("deliverables.id", ondelete="SET NULL"), index=True),
    Column("prompt_hash", Text),
    Column("input_hash", Text),
    Column("usd", Double),
    UniqueConstraint("processing_id", "made_from"),
    Index("ix_deliverables_user_created", "user_id", "created_at", "id"),
    Index("uq_deliverables_series_version", "series", "version", unique=True, postgresql_where=text("delivered")),
)

claims = Table(
    "claims",
    metadata,
    _id(),
    _owner(index=True),
    _of("deliverable", index=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("quote", Text, nullable=False),
    Column("segment_ids", ARRAY(Integer), nullable=False),
    Column("owner", Text),
    Column("due_words", Text),
    Column("due_date", Date),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("start", Double),
    Column("section", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("deliverable_id", "position"),
)

audit_people = Table(
    "audit_people",
    metadata,
    _owner(key=True),
    Column("pseudonym", Text, nullable=False, unique=True),  # who they are in the trail; nobody, once this row is gone
    Column("seal_key", Text, nullable=False),  # sealed; opens the addresses in their entries
)

audit_trail = Table(
    "audit_trail",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),  # JSON, to the letter as it was hashed
    Column("person", Text, Computed("(entry::jsonb) ->> 'person'", persisted=True)),
    Column("hash", LargeBinary, nullable=False),
    Index("ix_audit_trail_person", "person", "sequence"),
)

# --- tables without an owner: each stands in database.WITHOUT_OWNER with its reason -------------------

audit_inbox = Table(
    "audit_inbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("entry", Text, nullable=False),
)

keyset = Table(
    "keyset",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("wrapped", Text, nullable=False),
    Column("version", Integer, nullable=False),
    _moment("updated_at", nullable=False, now=True),
    CheckConstraint("id = 1", name="single_row"),
)

rate_limits = Table(
    "rate_limits",
    metadata,
    Column("key", Text, primary_key=True),
    Column("interval_us", BigInteger, nullable=False),
    Column("next_slot", DateTime(timezone=True), nullable=False, server_default=text("'-infinity'")),
    Column("paused_until", DateTime(timezone=True), nullable=False, server_default=text("'-infinity'")),
    Column("day", Date),
    Column("used_today", Integer, nullable=False, server_default=text("0")),
    Column("daily_budget", Integer),
    Column("strikes", Integer, nullable=False, server_default=text("0")),  # pauses of `back_off` since a call went well
    Column("struck_until", DateTime(timezone=True), nullable=False, server_default=text("'-infinity'")),  # end of the last of them
)

worker_heartbeats = Table(
    "worker_heartbeats",
    metadata,
    Column("executor_id", Text, primary_key=True),
    _moment("started_at", nullable=False, now=True),
    _moment("seen_at", nullable=False, now=True),
)
