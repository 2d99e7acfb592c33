-- What a person wants masked before a language model reads their meetings, and every request that carried something of one.

create table redactions (
    user_id uuid not null,
    kinds text[] not null default '{}',
    names text[] not null default '{}',
    updated_at timestamptz not null default now(),
    constraint pk_redactions primary key (user_id),
    constraint fk_redactions_user_id foreign key (user_id) references profiles (id) on delete cascade
);

create table sendings (
    id bigint generated always as identity,
    user_id uuid not null,
    recording_id uuid not null,
    processing_id uuid not null,
    at timestamptz not null,
    host text not null,
    what text not null,
    purpose text not null,
    model text not null,
    size bigint not null,
    constraint pk_sendings primary key (id),
    constraint fk_sendings_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_sendings_recording_id foreign key (recording_id) references recordings (id) on delete cascade,
    constraint fk_sendings_processing_id foreign key (processing_id) references processings (id) on delete cascade
);
create index ix_sendings_user_id on sendings (user_id);
create index ix_sendings_recording_id on sendings (recording_id);
create index ix_sendings_processing_id on sendings (processing_id);

alter table redactions enable row level security;
alter table redactions force row level security;
create policy person on redactions using (user_id = nullif(current_setting('momentum.user_id', true), '')::uuid);
grant select, insert, update, delete on redactions to momentum_app;

-- What was sent stays sent: nobody changes a row, and only its person, recording or processing takes it along.
alter table sendings enable row level security;
alter table sendings force row level security;
create policy person on sendings using (user_id = nullif(current_setting('momentum.user_id', true), '')::uuid);
revoke all on sendings from momentum_app;
grant select, insert on sendings to momentum_app;
