-- Who may see and change what.
--
-- momentum_app      web and workers: only rows of the person named in momentum.user_id
-- momentum_definer  owns the functions of schema lookup, cannot log in, and has the few columns they need
--
-- FORCE makes the policies bind the tables' owner too. Bypassing row-level security (BYPASSRLS) is for superusers
-- to give, and the owner of a given database may be a plain user: so the definer functions see through policies
-- written for their own role.

do $$
declare
    name text;
begin
    foreach name in array array[
        'sessions', 'login_links', 'zoom_credentials', 'oauth_states', 'recordings', 'recording_files', 'discoveries',
        'processings', 'processing_events', 'chunks', 'answers', 'transcripts', 'deliverables', 'claims'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy person on %I using (user_id = nullif(current_setting(''momentum.user_id'', true), '''')::uuid)', name
        );
        execute format('grant select, insert, update, delete on %I to momentum_app', name);
    end loop;
end
$$;

alter table profiles enable row level security;
alter table profiles force row level security;
create policy person on profiles using (id = nullif(current_setting('momentum.user_id', true), '')::uuid);
grant select, update, delete on profiles to momentum_app;

grant select, insert, update, delete on keyset, rate_limits, worker_heartbeats to momentum_app;
grant select on alembic_version to momentum_app;

alter default privileges in schema public grant select, insert, update, delete on tables to momentum_app;

create policy lookup on profiles to momentum_definer using (true);
grant select, insert, update (email, display_name) on profiles to momentum_definer;

create policy lookup on sessions to momentum_definer using (true);
grant select, delete on sessions to momentum_definer;

create policy lookup on login_links to momentum_definer using (true);
grant select, update (used_at), delete on login_links to momentum_definer;

create policy lookup on oauth_states to momentum_definer using (true);
grant select, delete on oauth_states to momentum_definer;

create policy lookup on zoom_credentials to momentum_definer using (true);
grant select (user_id, zoom_user_id), update (state, state_reason, updated_at) on zoom_credentials to momentum_definer;

create policy lookup on processings to momentum_definer using (true);
grant select (id, user_id, attempt, state, next_try_at, dispatched_at, created_at), update (dispatched_at)
    on processings to momentum_definer;

grant select, insert on deleted_people to momentum_definer;
