-- The audit trail. Whoever acts adds an entry to the inbox, in a transaction of their own or in that of the act; one writer at
-- a time gives the entries their order and chains each to the one before it by a hash, so that nothing can be changed, left out
-- or put in between without every later hash being wrong.
--
-- momentum_app may add to the inbox and read what is its person's own. It can change and delete nothing of either.

create table audit_people (
    user_id uuid not null,
    pseudonym text not null,
    seal_key text not null,
    constraint pk_audit_people primary key (user_id),
    constraint fk_audit_people_user_id foreign key (user_id) references profiles (id) on delete cascade,
    constraint uq_audit_people_pseudonym unique (pseudonym)
);

create table audit_inbox (
    id bigint generated always as identity,
    entry text not null,
    constraint pk_audit_inbox primary key (id)
);

create table audit_trail (
    sequence bigint not null,
    entry text not null,
    person text generated always as ((entry::jsonb) ->> 'person') stored,
    hash bytea not null,
    constraint pk_audit_trail primary key (sequence)
);
create index ix_audit_trail_person on audit_trail (person, sequence);

alter table audit_people enable row level security;
alter table audit_people force row level security;
create policy person on audit_people using (user_id = nullif(current_setting('momentum.user_id', true), '')::uuid);

alter table audit_trail enable row level security;
alter table audit_trail force row level security;
create policy person on audit_trail using (
    person = (select pseudonym from audit_people where user_id = nullif(current_setting('momentum.user_id', true), '')::uuid)
);

revoke all on audit_people, audit_inbox, audit_trail from momentum_app;
grant select, insert, update (seal_key) on audit_people to momentum_app;
grant insert on audit_inbox to momentum_app;
grant select on audit_trail to momentum_app;

create policy writer on audit_trail to momentum_definer using (true);
grant select, insert on audit_trail to momentum_definer;
grant select, delete on audit_inbox to momentum_definer;

set local role momentum_definer;

-- Moves up to p_limit entries from the inbox to the end of the chain; how many. The hash of an entry is the sha256 of the hash
-- before it (32 zero bytes at the beginning), its number in 8 bytes, big-endian, and its text in UTF-8.
create function lookup.chain_audit(p_limit integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    waiting record;
    last_sequence bigint := 0;
    last_hash bytea := decode(repeat('00', 32), 'hex');
    moved integer := 0;
begin
    perform pg_advisory_xact_lock(x'6175646974'::bigint); -- "audit": one writer orders the chain
    select t.sequence, t.hash into last_sequence, last_hash from audit_trail t order by t.sequence desc limit 1;
    if not found then
        last_sequence := 0;
        last_hash := decode(repeat('00', 32), 'hex');
    end if;
    for waiting in select i.id, i.entry from audit_inbox i order by i.id limit p_limit loop
        last_sequence := last_sequence + 1;
        last_hash := sha256(last_hash || int8send(last_sequence) || convert_to(waiting.entry, 'UTF8'));
        insert into audit_trail (sequence, entry, hash) values (last_sequence, waiting.entry, last_hash);
        delete from audit_inbox where id = waiting.id;
        moved := moved + 1;
    end loop;
    return moved;
end
$$;

create function lookup.audit_page(p_after bigint, p_limit integer) returns table (sequence bigint, entry text, hash bytea)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select t.sequence, t.entry, t.hash from audit_trail t where t.sequence > p_after order by t.sequence limit p_limit
$$;

create function lookup.audit_head() returns table (sequence bigint, hash bytea, waiting bigint)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select coalesce(max(t.sequence), 0), (select h.hash from audit_trail h order by h.sequence desc limit 1), (select count(*) from audit_inbox)
    from audit_trail t
$$;

revoke execute on function lookup.chain_audit, lookup.audit_page, lookup.audit_head from public;
grant execute on function lookup.chain_audit, lookup.audit_page, lookup.audit_head to momentum_app;
reset role;
