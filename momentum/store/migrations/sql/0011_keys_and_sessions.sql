-- API keys of people, beside tokens that somebody else signs; and sessions that their person can tell apart and end one by one.

create table api_keys (
    id uuid not null default gen_random_uuid(),
    user_id uuid not null,
    name text not null,
    prefix text not null,
    key_hash bytea not null,
    scopes text[] not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    constraint pk_api_keys primary key (id),
    constraint fk_api_keys_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint uq_api_keys_key_hash unique (key_hash)
);
create index ix_api_keys_user_id on api_keys (user_id);

alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy person on api_keys using (user_id = nullif(current_setting('momentum.user_id', true), '')::uuid);
grant select, insert, update, delete on api_keys to momentum_app;
create policy lookup on api_keys to momentum_definer using (true);
grant select (id, user_id, key_hash, scopes, last_used_at, expires_at, revoked_at), update (last_used_at) on api_keys to momentum_definer;

alter table sessions add column id uuid not null default gen_random_uuid();
alter table sessions add column last_used_at timestamptz;
alter table sessions add column agent text;
grant update (last_used_at) on sessions to momentum_definer;

set local role momentum_definer;

-- The key of that hash, unless it was revoked, and that it was used: noted once a minute at most. Whether it has expired is for
-- the caller to see, who says so.
create function lookup.use_api_key(p_key_hash bytea, p_now timestamptz)
    returns table (id uuid, user_id uuid, scopes text[], expires_at timestamptz)
    language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    update api_keys k set last_used_at = p_now
        where k.key_hash = p_key_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > p_now)
            and (k.last_used_at is null or k.last_used_at <= p_now - interval '1 minute');
    select k.id, k.user_id, k.scopes, k.expires_at from api_keys k where k.key_hash = p_key_hash and k.revoked_at is null
$$;

-- As before, and that the session was used: noted once in five minutes at most.
create or replace function lookup.session_person(p_token_hash bytea, p_now timestamptz) returns uuid
    language sql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
    update sessions s set last_used_at = p_now
        where s.token_hash = p_token_hash and s.expires_at > p_now
            and (s.last_used_at is null or s.last_used_at <= p_now - interval '5 minutes');
    select user_id from sessions where token_hash = p_token_hash and expires_at > p_now
$$;

revoke execute on function lookup.use_api_key from public;
grant execute on function lookup.use_api_key to momentum_app;
reset role;
