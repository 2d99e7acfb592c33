-- The pace of calls per key, shared by all processes: the generic cell rate algorithm, on the database's clock.
-- See https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm. May be run again.
--
-- Run with the caller's rights: momentum_app may read and change rate_limits.

-- Takes up to p_count slots. `granted` slots begin `wait_s` seconds from now, one interval apart. Nothing granted: ask again
-- after `wait_s` seconds, because of `why`:
--   ahead   others hold all slots of the next p_horizon_s seconds. A slot further away is never given out: its holder would not
--           hear of a pause that begins before it.
--   paused  the vendor asked for silence
--   spent   the day's budget is gone; days begin at 00:00 UTC
create or replace function rate_limit_take(
    p_key text, p_count integer, p_interval_us bigint, p_daily_budget integer, p_horizon_s double precision,
    out granted integer, out wait_s double precision, out why text
)
    language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
    held public.rate_limits;
    step interval := p_interval_us * interval '1 microsecond';
    moment timestamptz;
    today date;
    slot timestamptz;
begin
    granted := 0;
    loop
        select * into held from public.rate_limits where key = p_key for update;
        exit when found;
        insert into public.rate_limits (key, interval_us) values (p_key, p_interval_us) on conflict (key) do nothing;
    end loop;

    moment := clock_timestamp(); -- after the lock: the wait for it has passed
    today := (moment at time zone 'UTC')::date;
    if held.day is distinct from today then
        held.used_today := 0;
    end if;
    slot := greatest(held.next_slot, moment);

    if p_daily_budget is not null and held.used_today >= p_daily_budget then
        why := 'spent';
        wait_s := extract(epoch from ((today + 1)::timestamp at time zone 'UTC') - moment);
        return;
    elsif held.paused_until > moment then
        why := 'paused';
        wait_s := extract(epoch from held.paused_until - moment);
        return;
    elsif slot > moment + p_horizon_s * interval '1 second' then
        why := 'ahead';
        wait_s := extract(epoch from slot - moment) - p_horizon_s;
        return;
    end if;

    granted := least(p_count, coalesce(p_daily_budget - held.used_today, p_count),
        1 + floor((p_horizon_s - extract(epoch from slot - moment)) * 1000000 / p_interval_us)::bigint);
    wait_s := extract(epoch from slot - moment);
    update public.rate_limits
        set next_slot = slot + granted * step, interval_us = p_interval_us, daily_budget = p_daily_budget,
            day = today, used_today = held.used_today + granted
        where key = p_key;
end
$$;

-- No slot before p_until; a pause is never shortened.
create or replace function rate_limit_pause(p_key text, p_until timestamptz) returns void
    language sql volatile set search_path = pg_catalog, public, pg_temp as $$
    insert into public.rate_limits (key, interval_us, paused_until) values (p_key, 0, p_until)
        on conflict (key) do update set paused_until = greatest(rate_limits.paused_until, excluded.paused_until)
$$;

revoke all on function rate_limit_take, rate_limit_pause from public;
grant execute on function rate_limit_take, rate_limit_pause to momentum_app;
