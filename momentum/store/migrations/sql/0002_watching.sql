-- What is watched without a person: how much waits and since when, and how much of the vendors' allowance is used.

set local role momentum_definer;

-- `seconds`: for how long the one that waits longest could have gone on. What waits for its time (a recording that is not
-- ready) is not late; it counts as due from that time on.
create function lookup.queue_figures(p_now timestamptz) returns table (state text, depth bigint, seconds double precision)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select case when p.state = 'waiting' and p.next_try_at > p_now then 'waiting'
                when p.state in ('queued', 'waiting') then 'due' else p.state end,
        count(*), greatest(0, extract(epoch from p_now - min(greatest(p.updated_at, p.next_try_at))))
    from processings p where p.state in ('queued', 'running', 'waiting', 'action_required') group by 1
$$;

revoke execute on function lookup.queue_figures(timestamptz) from public;
grant execute on function lookup.queue_figures(timestamptz) to momentum_app;
reset role;

grant select (updated_at) on processings to momentum_definer;
