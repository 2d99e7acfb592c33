-- Look-ups without a person: the whole list. Each is SECURITY DEFINER, owned by momentum_definer,
-- with a fixed search path, and can be called by momentum_app alone.

create schema lookup authorization momentum_definer;
grant usage on schema lookup to momentum_app;
set local role momentum_definer;

create function lookup.person_hash(p_issuer text, p_subject text) returns bytea
    language sql immutable set search_path = pg_catalog, public, pg_temp as $$
    select sha256(convert_to(p_issuer || chr(31) || p_subject, 'UTF8'))
$$;

-- The profile of (issuer, subject), made at the first call. SQLSTATE MO410: this person deleted their account.
create function lookup.resolve_person(p_issuer text, p_subject text, p_email text, p_name text)
    returns setof public.profiles
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    person public.profiles;
begin
    select * into person from profiles where issuer = p_issuer and subject = p_subject;
    if not found
        or person.email is distinct from coalesce(p_email, person.email)
        or person.display_name is distinct from coalesce(p_name, person.display_name)
    then
        insert into profiles (issuer, subject, email, display_name) values (p_issuer, p_subject, p_email, p_name)
            on conflict (issuer, subject) do update set
                email = coalesce(excluded.email, profiles.email),
                display_name = coalesce(excluded.display_name, profiles.display_name)
            returning * into person;
        -- Asked after the insert: a deletion that was under way has committed by now and left its mark.
        if exists (select from deleted_people where person_hash = lookup.person_hash(p_issuer, p_subject)) then
            raise exception using errcode = 'MO410', message = 'this person deleted their account';
        end if;
    end if;
    return next person;
end
$$;

-- However a profile goes, it leaves a hash behind that keeps old tokens refused.
create function lookup.remember_deletion() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    insert into deleted_people (person_hash) values (lookup.person_hash(old.issuer, old.subject)) on conflict do nothing;
    return old;
end
$$;

create function lookup.session_person(p_token_hash bytea, p_now timestamptz) returns uuid
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select user_id from sessions where token_hash = p_token_hash and expires_at > p_now
$$;

create function lookup.use_login_link(p_token_hash bytea, p_now timestamptz) returns table (user_id uuid, next_path text)
    language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    update login_links l set used_at = p_now
        where l.token_hash = p_token_hash and l.used_at is null and l.expires_at > p_now
        returning l.user_id, l.next_path
$$;

-- One use: a state that is taken is gone, and the sealed verifier with it.
create function lookup.take_oauth_state(p_state_hash bytea, p_now timestamptz)
    returns table (user_id uuid, provider text, code_verifier text, browser_hash bytea)
    language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    delete from oauth_states s where s.state_hash = p_state_hash and s.expires_at > p_now
        returning s.user_id, s.provider, s.code_verifier, s.browser_hash
$$;

create function lookup.peek_oauth_state(p_state_hash bytea, p_now timestamptz)
    returns table (user_id uuid, provider text, code_verifier text, browser_hash bytea)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select s.user_id, s.provider, s.code_verifier, s.browser_hash from oauth_states s
        where s.state_hash = p_state_hash and s.expires_at > p_now
$$;

-- Whose connection a provider's account is; a new provider adds its branch here and in suspend_account.
create function lookup.account_owner(p_provider text, p_provider_user_id text) returns uuid
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select case p_provider
        when 'zoom' then (select user_id from zoom_credentials where zoom_user_id = p_provider_user_id)
    end
$$;

-- The first owner of an account learns that a second connect ended their grant at the vendor.
create function lookup.suspend_account(p_provider text, p_provider_user_id text, p_state text, p_reason text, p_now timestamptz)
    returns boolean
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if p_provider = 'zoom' then
        update zoom_credentials set state = p_state, state_reason = p_reason, updated_at = p_now
            where zoom_user_id = p_provider_user_id;
    end if;
    return found;
end
$$;

create function lookup.undispatched_processings(p_limit integer, p_now timestamptz)
    returns table (processing_id uuid, user_id uuid, attempt integer)
    language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    select p.id, p.user_id, p.attempt from processings p
        where p.dispatched_at is null and p.state in ('queued','waiting') and (p.next_try_at is null or p.next_try_at <= p_now)
        order by p.created_at limit p_limit for update skip locked
$$;

create function lookup.mark_dispatched(p_processing_ids uuid[], p_now timestamptz) returns void
    language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    update processings set dispatched_at = p_now where id = any (p_processing_ids)
$$;

create function lookup.processing_owner(p_processing_id uuid) returns uuid
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select user_id from processings where id = p_processing_id
$$;

-- Ids only, in pages: for work that goes through all people (schedules, re-sealing), one person's transaction at a time.
create function lookup.people(p_after uuid, p_limit integer) returns setof uuid
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select id from profiles where p_after is null or id > p_after order by id limit p_limit
$$;

create function lookup.forget_expired(p_now timestamptz) returns bigint
    language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    with a as (delete from sessions where expires_at <= p_now returning 1),
        b as (delete from login_links where expires_at <= p_now returning 1),
        c as (delete from oauth_states where expires_at <= p_now returning 1)
    select (select count(*) from a) + (select count(*) from b) + (select count(*) from c)
$$;

revoke execute on all functions in schema lookup from public;
grant execute on all functions in schema lookup to momentum_app;
grant usage on schema lookup to session_user;
grant execute on function lookup.remember_deletion() to session_user;
reset role;

create trigger remember_deletion after delete on profiles for each row execute function lookup.remember_deletion();
