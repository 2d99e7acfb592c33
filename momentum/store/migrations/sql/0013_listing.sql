-- The list of recordings finds meetings by who spoke; the operator sees how work ended, and what models were asked, as numbers alone.

-- Names of who speaks in a transcript's segments, each once. In this schema, which stands in no search path: so the column below
-- reads the same wherever it is looked at.
set local role momentum_definer;
create function lookup.speakers_of(segments jsonb) returns text[]
    language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
    select coalesce(array_agg(distinct segment ->> 'p'), '{}') from jsonb_array_elements(segments) segment where segment ? 'p'
$$;
revoke execute on function lookup.speakers_of(jsonb) from public;
grant execute on function lookup.speakers_of(jsonb) to momentum_app, session_user;
reset role;

alter table transcripts add column speakers text[] generated always as (lookup.speakers_of(segments)) stored;

create index ix_processing_events_ended on processing_events (at)
    where step = 'processing' and state in ('waiting', 'action_required', 'failed', 'done');
create index ix_answers_created_at on answers using brin (created_at);
create index ix_chunks_created_at on chunks using brin (created_at);

create policy lookup on processing_events to momentum_definer using (true);
grant select (at, step, state, detail) on processing_events to momentum_definer;
create policy lookup on answers to momentum_definer using (true);
grant select (model, usage, created_at) on answers to momentum_definer;
create policy lookup on chunks to momentum_definer using (true);
grant select (engine, seconds, created_at) on chunks to momentum_definer;

set local role momentum_definer;

-- How processings ended or stopped since p_since, by error code; `recent`: those since p_recent.
create function lookup.outcome_figures(p_since timestamptz, p_recent timestamptz)
    returns table (state text, error_code text, recent bigint, total bigint)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select e.state, coalesce(e.detail ->> 'error_code', ''), count(*) filter (where e.at >= p_recent), count(*)
    from processing_events e
    where e.step = 'processing' and e.state in ('waiting', 'action_required', 'failed', 'done') and e.at >= p_since
    group by 1, 2
$$;

-- What language models were asked since p_since, by UTC day. `long`: calls of more tokens than p_long, which some sell dearer.
create function lookup.answer_figures(p_since timestamptz, p_long integer)
    returns table (day date, model text, long boolean, calls bigint, input_tokens bigint, output_tokens bigint)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select (a.created_at at time zone 'UTC')::date, a.model, coalesce((a.usage ->> 'input_tokens')::bigint, 0) > p_long,
        sum(coalesce((a.usage ->> 'calls')::bigint, 1))::bigint, sum(coalesce((a.usage ->> 'input_tokens')::bigint, 0))::bigint,
        sum(coalesce((a.usage ->> 'output_tokens')::bigint, 0))::bigint
    from answers a where a.created_at >= p_since group by 1, 2, 3
$$;

-- What was listened to since p_since, by UTC day and engine.
create function lookup.chunk_figures(p_since timestamptz) returns table (day date, engine text, chunks bigint, seconds double precision)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select (c.created_at at time zone 'UTC')::date, c.engine, count(*), sum(c.seconds)
    from chunks c where c.created_at >= p_since group by 1, 2
$$;

revoke execute on function lookup.outcome_figures, lookup.answer_figures, lookup.chunk_figures from public;
grant execute on function lookup.outcome_figures, lookup.answer_figures, lookup.chunk_figures to momentum_app;
reset role;
