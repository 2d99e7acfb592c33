-- What a person put right: layers over a transcript and the deliverables made from it, which themselves never change.

create table corrections (
    id uuid not null default gen_random_uuid(),
    user_id uuid not null,
    recording_id uuid not null,
    transcript_id uuid not null,
    deliverable_id uuid,
    sequence bigint generated always as identity,
    kind text not null,
    body jsonb not null,
    made_at timestamptz not null,
    withdrawn_at timestamptz,
    constraint pk_corrections primary key (id),
    constraint fk_corrections_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_corrections_recording_id foreign key (recording_id) references recordings (id) on delete cascade,
    constraint fk_corrections_transcript_id foreign key (transcript_id) references transcripts (id) on delete cascade,
    constraint fk_corrections_deliverable_id foreign key (deliverable_id) references deliverables (id) on delete cascade
);

create index ix_corrections_user_id on corrections (user_id);
create index ix_corrections_recording_id on corrections (recording_id);
create index ix_corrections_deliverable_id on corrections (deliverable_id);
create index ix_corrections_transcript_id_sequence on corrections (transcript_id, sequence);

alter table corrections enable row level security;
alter table corrections force row level security;
create policy person on corrections using (user_id = nullif(current_setting('momentum.user_id', true), '')::uuid);
grant select, insert, update, delete on corrections to momentum_app;
