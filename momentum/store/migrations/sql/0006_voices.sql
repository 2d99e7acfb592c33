-- Voices that a person has enrolled: how somebody sounds, sealed, with when they consented. A voice goes with the recording that
-- it was taken from.

create table voices (
    id uuid not null default gen_random_uuid(),
    user_id uuid not null,
    recording_id uuid not null,
    name text not null,
    encoder text not null,
    vector text not null,
    seconds double precision not null,
    consented_at timestamptz not null,
    constraint pk_voices primary key (id),
    constraint fk_voices_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_voices_recording_id foreign key (recording_id) references recordings (id) on delete cascade,
    constraint uq_voices_user_id_name unique (user_id, name)
);
create index ix_voices_recording_id on voices (recording_id);

alter table voices enable row level security;
alter table voices force row level security;
create policy person on voices using (user_id = nullif(current_setting('momentum.user_id', true), '')::uuid);
grant select, insert, update, delete on voices to momentum_app;
