-- Pauses that grow while a vendor refuses every call and does not say for how long.

alter table rate_limits
    add column strikes integer not null default 0,
    add column struck_until timestamptz not null default '-infinity';

-- Pauses p_key for the next of p_steps_s seconds, after the last of them until 00:00 UTC, and gives the seconds. A pause of
-- this kind that still holds is not made longer: those who are refused at the same time are one. What lies before today, or
-- further back than the longest step, counts for nothing; a call that goes well sets `strikes` to 0. No step goes beyond
-- 00:00 UTC, when the vendor's day begins anew.
create function rate_limit_back_off(p_key text, p_steps_s double precision[]) returns double precision
    language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
    held public.rate_limits;
    moment timestamptz;
    today timestamptz;
    until timestamptz;
begin
    insert into public.rate_limits (key, interval_us) values (p_key, 0)
        on conflict (key) do update set key = excluded.key returning * into held;
    moment := clock_timestamp(); -- after the lock: the wait for it has passed
    today := date_trunc('day', moment, 'UTC');
    if held.struck_until > moment then
        return extract(epoch from held.struck_until - moment);
    end if;

    if held.struck_until <= today or held.struck_until < moment - p_steps_s[cardinality(p_steps_s)] * interval '1 second' then
        held.strikes := 0;
    end if;
    until := today + interval '1 day';
    if held.strikes < cardinality(p_steps_s) then
        until := least(until, moment + p_steps_s[held.strikes + 1] * interval '1 second');
    end if;
    update public.rate_limits
        set strikes = held.strikes + 1, struck_until = until, paused_until = greatest(paused_until, until)
        where key = p_key;
    return extract(epoch from until - moment);
end
$$;

revoke all on function rate_limit_back_off from public;
grant execute on function rate_limit_back_off to momentum_app;
