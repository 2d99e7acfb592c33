-- Versions of a deliverable, what it was made from, a person's own forms, and the language they like to read.

alter table deliverables
    add column series uuid not null default gen_random_uuid(),
    add column version integer not null default 1,
    add column supersedes uuid constraint fk_deliverables_supersedes references deliverables on delete set null,
    add column prompt_hash text,
    add column input_hash text,
    add column usd double precision;
create index ix_deliverables_supersedes on deliverables (supersedes);
create unique index uq_deliverables_series_version on deliverables (series, version) where delivered;

alter table claims add column section text not null default '';

alter table profiles add column output_language text;

create table templates (
    id uuid not null,
    version integer not null,
    user_id uuid not null constraint fk_templates_user_id references profiles on delete cascade,
    name text not null,
    form jsonb not null,
    created_at timestamptz not null default now(),
    constraint pk_templates primary key (id, version)
);
create index ix_templates_user_id on templates (user_id);
alter table templates enable row level security;
alter table templates force row level security;
create policy person on templates using (user_id = nullif(current_setting('momentum.user_id', true), '')::uuid);
grant select, insert, update, delete on templates to momentum_app;
