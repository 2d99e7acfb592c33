-- Every table of Momentum. Names of constraints follow the convention in momentum/store/tables.py.

create table deleted_people (
    person_hash bytea not null,
    deleted_at timestamptz default now() not null,
    constraint pk_deleted_people primary key (person_hash)
);

create table keyset (
    id integer not null,
    wrapped text not null,
    version integer not null,
    updated_at timestamptz default now() not null,
    constraint pk_keyset primary key (id),
    constraint ck_keyset_single_row check (id = 1)
);

create table profiles (
    id uuid default gen_random_uuid() not null,
    issuer text not null,
    subject text not null,
    email text,
    display_name text,
    created_at timestamptz default now() not null,
    signed_out_at timestamptz,
    constraint pk_profiles primary key (id),
    constraint uq_profiles_issuer_subject unique (issuer, subject)
);

create table rate_limits (
    key text not null,
    interval_us bigint not null,
    next_slot timestamptz default '-infinity' not null,
    paused_until timestamptz default '-infinity' not null,
    day date,
    used_today integer default 0 not null,
    daily_budget integer,
    constraint pk_rate_limits primary key (key)
);

create table worker_heartbeats (
    executor_id text not null,
    started_at timestamptz default now() not null,
    seen_at timestamptz default now() not null,
    constraint pk_worker_heartbeats primary key (executor_id)
);

create table discoveries (
    user_id uuid not null,
    provider text not null,
    since date not null,
    until date not null,
    finished_at timestamptz default now() not null,
    constraint pk_discoveries primary key (user_id, provider),
    constraint fk_discoveries_user_id foreign key (user_id) references profiles (id) on delete cascade
);

create table login_links (
    token_hash bytea not null,
    user_id uuid not null,
    next_path text default '/' not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint pk_login_links primary key (token_hash),
    constraint fk_login_links_user_id foreign key (user_id) references profiles (id) on delete cascade
);
create index ix_login_links_user_id on login_links (user_id);

create table oauth_states (
    state_hash bytea not null,
    user_id uuid not null,
    provider text not null,
    code_verifier text not null,
    browser_hash bytea,
    expires_at timestamptz not null,
    constraint pk_oauth_states primary key (state_hash),
    constraint fk_oauth_states_user_id foreign key (user_id) references profiles (id) on delete cascade
);
create index ix_oauth_states_user_id on oauth_states (user_id);

create table recordings (
    id uuid default gen_random_uuid() not null,
    user_id uuid not null,
    provider text not null,
    instance_id text not null,
    meeting_number text,
    topic text not null,
    started_at timestamptz,
    timezone text,
    duration_minutes integer,
    size bigint,
    host_email text,
    share_url text,
    in_trash boolean default false not null,
    digest text not null,
    first_seen_at timestamptz default now() not null,
    last_seen_at timestamptz default now() not null,
    changed_at timestamptz default now() not null,
    gone_at timestamptz,
    constraint pk_recordings primary key (id),
    constraint uq_recordings_user_id_provider_instance_id unique (user_id, provider, instance_id),
    constraint fk_recordings_user_id foreign key (user_id) references profiles (id) on delete cascade
);
create index ix_recordings_user_number on recordings (user_id, meeting_number);
create index ix_recordings_user_started on recordings (user_id, coalesce(started_at, first_seen_at), id);

create table sessions (
    token_hash bytea not null,
    user_id uuid not null,
    created_at timestamptz default now() not null,
    expires_at timestamptz not null,
    constraint pk_sessions primary key (token_hash),
    constraint fk_sessions_user_id foreign key (user_id) references profiles (id) on delete cascade
);
create index ix_sessions_user_id on sessions (user_id);

create table zoom_credentials (
    id uuid default gen_random_uuid() not null,
    user_id uuid not null,
    access_token text not null,
    refresh_token text not null,
    expires_at timestamptz not null,
    zoom_user_id text,
    zoom_email text,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    account_id text,
    display_name text,
    timezone text,
    can_record boolean,
    scopes text[] default '{}' not null,
    api_base text,
    state text default 'active' not null,
    state_reason text,
    constraint pk_zoom_credentials primary key (id),
    constraint uq_zoom_credentials_zoom_user_id unique (zoom_user_id),
    constraint uq_zoom_credentials_user_id unique (user_id),
    constraint fk_zoom_credentials_user_id foreign key (user_id) references profiles (id) on delete cascade
);

create table chunks (
    user_id uuid not null,
    key text not null,
    recording_id uuid,
    engine text not null,
    seconds double precision not null,
    heard jsonb not null,
    created_at timestamptz default now() not null,
    constraint pk_chunks primary key (user_id, key),
    constraint fk_chunks_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_chunks_recording_id foreign key (recording_id) references recordings (id) on delete cascade
);
create index ix_chunks_recording_id on chunks (recording_id);

create table answers (
    user_id uuid not null,
    key text not null,
    recording_id uuid,
    model text not null,
    data jsonb not null,
    usage jsonb not null,
    created_at timestamptz default now() not null,
    constraint pk_answers primary key (user_id, key),
    constraint fk_answers_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_answers_recording_id foreign key (recording_id) references recordings (id) on delete cascade
);
create index ix_answers_recording_id on answers (recording_id);

create table processings (
    id uuid default gen_random_uuid() not null,
    user_id uuid not null,
    recording_id uuid not null,
    provider text not null,
    request_key text not null,
    options jsonb default '{}' not null,
    state text default 'queued' not null,
    step text,
    fraction double precision,
    error_code text,
    error_detail text,
    attempt integer default 1 not null,
    failures integer default 0 not null,
    cancel_requested boolean default false not null,
    seconds_per_step jsonb default '{}' not null,
    audio_seconds double precision,
    transcript_id uuid,
    next_try_at timestamptz,
    dispatched_at timestamptz,
    created_at timestamptz default now() not null,
    updated_at timestamptz default now() not null,
    started_at timestamptz,
    finished_at timestamptz,
    constraint pk_processings primary key (id),
    constraint uq_processings_user_id_request_key unique (user_id, request_key),
    constraint ck_processings_state check (state in ('queued','running','waiting','action_required','done','failed','cancelled')),
    constraint fk_processings_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_processings_recording_id foreign key (recording_id) references recordings (id) on delete cascade
);
create index ix_processings_recording_id on processings (recording_id);
create index ix_processings_transcript_id on processings (transcript_id);
create index ix_processings_undispatched on processings (created_at) where dispatched_at is null and state in ('queued','waiting');
create index ix_processings_user_created on processings (user_id, created_at, id);

create table recording_files (
    id uuid default gen_random_uuid() not null,
    user_id uuid not null,
    recording_id uuid not null,
    file_id text not null,
    kind text not null,
    file_type text not null,
    recording_type text not null,
    extension text not null,
    size bigint,
    started_at timestamptz,
    ended_at timestamptz,
    ready boolean not null,
    participant text,
    gone_at timestamptz,
    constraint pk_recording_files primary key (id),
    constraint uq_recording_files_recording_id_file_id unique (recording_id, file_id),
    constraint fk_recording_files_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_recording_files_recording_id foreign key (recording_id) references recordings (id) on delete cascade
);
create index ix_recording_files_user_id on recording_files (user_id);

create table processing_events (
    id bigint generated always as identity,
    user_id uuid not null,
    processing_id uuid not null,
    at timestamptz default now() not null,
    step text not null,
    state text not null,
    fraction double precision,
    detail jsonb default '{}' not null,
    constraint pk_processing_events primary key (id),
    constraint fk_processing_events_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_processing_events_processing_id foreign key (processing_id) references processings (id) on delete cascade
);
create index ix_processing_events_processing_id_id on processing_events (processing_id, id);
create index ix_processing_events_user_id on processing_events (user_id);

create table transcripts (
    id uuid default gen_random_uuid() not null,
    user_id uuid not null,
    recording_id uuid not null,
    processing_id uuid not null,
    made_from text not null,
    source text not null,
    engine text not null,
    language text,
    seconds double precision not null,
    word_count integer not null,
    segments jsonb not null,
    gaps jsonb default '[]' not null,
    created_at timestamptz default now() not null,
    constraint pk_transcripts primary key (id),
    constraint uq_transcripts_processing_id_made_from unique (processing_id, made_from),
    constraint fk_transcripts_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_transcripts_recording_id foreign key (recording_id) references recordings (id) on delete cascade,
    constraint fk_transcripts_processing_id foreign key (processing_id) references processings (id) on delete cascade
);
create index ix_transcripts_recording_id on transcripts (recording_id);
create index ix_transcripts_user_created on transcripts (user_id, created_at, id);

create table deliverables (
    id uuid default gen_random_uuid() not null,
    user_id uuid not null,
    recording_id uuid not null,
    processing_id uuid not null,
    transcript_id uuid not null,
    made_from text not null,
    kind text not null,
    writer_version text not null,
    title text not null,
    language text,
    summary text not null,
    extra jsonb default '{}' not null,
    model text,
    usage jsonb default '{}' not null,
    coverage jsonb default '{}' not null,
    delivered boolean default false not null,
    created_at timestamptz default now() not null,
    constraint pk_deliverables primary key (id),
    constraint uq_deliverables_processing_id_made_from unique (processing_id, made_from),
    constraint fk_deliverables_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_deliverables_recording_id foreign key (recording_id) references recordings (id) on delete cascade,
    constraint fk_deliverables_processing_id foreign key (processing_id) references processings (id) on delete cascade,
    constraint fk_deliverables_transcript_id foreign key (transcript_id) references transcripts (id) on delete cascade
);
create index ix_deliverables_recording_id on deliverables (recording_id);
create index ix_deliverables_transcript_id on deliverables (transcript_id);
create index ix_deliverables_user_created on deliverables (user_id, created_at, id);

create table claims (
    id uuid default gen_random_uuid() not null,
    user_id uuid not null,
    deliverable_id uuid not null,
    position integer not null,
    kind text not null,
    text text not null,
    quote text not null,
    segment_ids integer[] not null,
    owner text,
    due_words text,
    due_date date,
    state text not null,
    reason text default '' not null,
    start double precision,
    constraint pk_claims primary key (id),
    constraint uq_claims_deliverable_id_position unique (deliverable_id, position),
    constraint fk_claims_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_claims_deliverable_id foreign key (deliverable_id) references deliverables (id) on delete cascade
);
create index ix_claims_user_id on claims (user_id);

alter table processings add constraint fk_processings_transcript_id
    foreign key (transcript_id) references transcripts (id) on delete set null;
