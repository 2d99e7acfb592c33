set local role momentum_definer;
drop function lookup.use_api_key;
create or replace function lookup.session_person(p_token_hash bytea, p_now timestamptz) returns uuid
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select user_id from sessions where token_hash = p_token_hash and expires_at > p_now
$$;
reset role;
revoke update (last_used_at) on sessions from momentum_definer;
alter table sessions drop column id, drop column last_used_at, drop column agent;
drop table api_keys;
