-- What is searched: passages of what was said and of what was written, as their person sees them, and how near their meanings are.
--
-- indexings  one row for each recording with something to find: marked by whoever changes it, worked off by the workers
-- passages   a minute of talk or one statement of a document; `words` as the text search configuration `language` reads it
-- vectors    the meaning of a passage's text by one model, found by what the text is, so that it outlives a corrected name

create table indexings (
    recording_id uuid not null,
    user_id uuid not null,
    generation bigint not null default 1,
    indexed bigint not null default 0,
    embedder text not null default '',
    languages text[] not null default '{}',
    not_before timestamptz,
    constraint pk_indexings primary key (recording_id),
    constraint fk_indexings_recording_id foreign key (recording_id) references recordings (id) on delete cascade,
    constraint fk_indexings_user_id foreign key (user_id) references profiles (id) on delete cascade
);
create index ix_indexings_user_id on indexings (user_id);
create index ix_indexings_waiting on indexings (recording_id) where indexed < generation;
create index ix_indexings_embedder on indexings (embedder);

-- `language` is the name of a text search configuration, as text: a column of type regconfig would stand in the way of pg_upgrade.
create table passages (
    id bigint generated always as identity,
    user_id uuid not null,
    recording_id uuid not null,
    transcript_id uuid not null,
    deliverable_id uuid,
    first_segment integer,
    last_segment integer,
    start double precision,
    "end" double precision,
    speakers text[] not null default '{}',
    language text not null,
    text text not null,
    digest bytea not null,
    words tsvector not null,
    constraint pk_passages primary key (id),
    constraint fk_passages_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint fk_passages_recording_id foreign key (recording_id) references recordings (id) on delete cascade,
    constraint fk_passages_transcript_id foreign key (transcript_id) references transcripts (id) on delete cascade,
    constraint fk_passages_deliverable_id foreign key (deliverable_id) references deliverables (id) on delete cascade
);
create index ix_passages_user_id on passages (user_id);
create index ix_passages_recording_id_digest on passages (recording_id, digest);
create index ix_passages_transcript_id on passages (transcript_id);
create index ix_passages_deliverable_id on passages (deliverable_id);
create index ix_passages_words on passages using gin (words) with (fastupdate = off);

create table vectors (
    recording_id uuid not null,
    digest bytea not null,
    embedder text not null,
    user_id uuid not null,
    signs bit varying not null,
    vector bytea not null,
    constraint pk_vectors primary key (recording_id, digest, embedder),
    constraint fk_vectors_recording_id foreign key (recording_id) references recordings (id) on delete cascade,
    constraint fk_vectors_user_id foreign key (user_id) references profiles (id) on delete cascade
);
create index ix_vectors_user_id on vectors (user_id, embedder);

-- What there is already waits for the workers, like everything that comes. The owner of a given database need be no superuser, and
-- forced policies bind it as well.
alter table transcripts no force row level security;
insert into indexings (recording_id, user_id) select distinct recording_id, user_id from transcripts;
alter table transcripts force row level security;

do $$
declare
    name text;
begin
    foreach name in array array['indexings', 'passages', 'vectors'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy person on %I using (user_id = nullif(current_setting(''momentum.user_id'', true), '''')::uuid)', name
        );
        execute format('grant select, insert, update, delete on %I to momentum_app', name);
        execute format('create policy lookup on %I to momentum_definer using (true)', name);
    end loop;
end
$$;

grant select on indexings to momentum_definer;
grant select on passages to momentum_definer;
create policy searched on recordings to momentum_definer using (true);
grant select (id, user_id, started_at, first_seen_at) on recordings to momentum_definer;
grant select (recording_id) on processings to momentum_definer;

set local role momentum_definer;

-- Recordings of anybody whose index is behind, those first whose words are; ids only. Meanings wait until the work on a recording has
-- ended: names that come last cut its passages anew.
create function lookup.waiting_indexings(p_embedder text, p_now timestamptz, p_limit integer)
    returns table (recording_id uuid, user_id uuid, unread boolean)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    (
        select i.recording_id, i.user_id, true from indexings i
            where i.indexed < i.generation and (i.not_before is null or i.not_before <= p_now) limit p_limit
    ) union all (
        select i.recording_id, i.user_id, false from indexings i
            where (i.embedder < p_embedder or i.embedder > p_embedder) and p_embedder <> '' and i.indexed = i.generation
                and (i.not_before is null or i.not_before <= p_now)
                and not exists (select from processings p where p.recording_id = i.recording_id and p.state = 'running')
            limit p_limit
    )
$$;

-- Passages of the person of this transaction that hold the words asked for, the best first. Under their own policy no index of words
-- could be used: `@@` is not leakproof, so PostgreSQL would have to look at the person's every passage first
-- (https://www.postgresql.org/docs/current/rules-privileges.html). `p_query` is read in each language that the person's texts have.
create function lookup.passages_with(
    p_query text, p_kind text, p_since timestamptz, p_until timestamptz, p_speaker text, p_recording_id uuid, p_limit integer
) returns table (passage_id bigint, rank real)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    with me as (select nullif(current_setting('momentum.user_id', true), '')::uuid as id),
        spoken as (
            select c.cfgname::text as language, websearch_to_tsquery(c.oid::regconfig, p_query) as query from pg_ts_config c
            where c.cfgnamespace = 'pg_catalog'::regnamespace
                and c.cfgname in (select unnest(i.languages) from indexings i join me on i.user_id = me.id)
        )
    select p.id, ts_rank(p.words, s.query, 1)
    from spoken s cross join me
        join passages p on p.language = s.language and p.words @@ s.query and p.user_id = me.id
        join recordings r on r.id = p.recording_id
    where (p_kind is null or (p_kind = 'document') = (p.deliverable_id is not null))
        and (p_since is null or coalesce(r.started_at, r.first_seen_at) >= p_since)
        and (p_until is null or coalesce(r.started_at, r.first_seen_at) < p_until)
        and (p_speaker is null or exists (select from unnest(p.speakers) n where strpos(lower(n), lower(p_speaker)) > 0))
        and (p_recording_id is null or p.recording_id = p_recording_id)
    order by 2 desc, 1 desc limit p_limit
$$;

revoke execute on function lookup.waiting_indexings(text, timestamptz, integer),
    lookup.passages_with(text, text, timestamptz, timestamptz, text, uuid, integer) from public;
grant execute on function lookup.waiting_indexings(text, timestamptz, integer),
    lookup.passages_with(text, text, timestamptz, timestamptz, text, uuid, integer) to momentum_app;
reset role;
