-- Links that show one document to whoever has them, until they expire or are revoked; and why a step was skipped.

alter table processings add column remarks jsonb default '{}' not null;

create table shares (
    id uuid default gen_random_uuid() not null,
    user_id uuid not null,
    deliverable_id uuid not null,
    token_hash bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    opened_count integer default 0 not null,
    last_opened_at timestamptz,
    constraint pk_shares primary key (id),
    constraint uq_shares_token_hash unique (token_hash),
    constraint ck_shares_days check (expires_at <= created_at + interval '30 days'),
    constraint fk_shares_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_shares_deliverable_id foreign key (deliverable_id) references deliverables (id) on delete cascade
);
create index ix_shares_user_id on shares (user_id);
create index ix_shares_deliverable_id on shares (deliverable_id);

alter table shares enable row level security;
alter table shares force row level security;
create policy person on shares using (user_id = nullif(current_setting('momentum.user_id', true), '')::uuid);
grant select, insert, update, delete on shares to momentum_app;

create policy lookup on shares to momentum_definer using (true);
grant select (id, user_id, deliverable_id, token_hash, expires_at, revoked_at) on shares to momentum_definer;

set local role momentum_definer;

create function lookup.shared(p_token_hash bytea, p_now timestamptz)
    returns table (share_id uuid, user_id uuid, deliverable_id uuid, expires_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select s.id, s.user_id, s.deliverable_id, s.expires_at from shares s
        where s.token_hash = p_token_hash and s.revoked_at is null and s.expires_at > p_now
$$;

revoke execute on function lookup.shared(bytea, timestamptz) from public;
grant execute on function lookup.shared(bytea, timestamptz) to momentum_app;
reset role;
