-- Roles stay: they belong to the cluster, and another database may use them.

alter default privileges in schema public revoke select, insert, update, delete on tables from momentum_app;
drop function rate_limit_take, rate_limit_pause;
drop trigger remember_deletion on profiles;
set local role momentum_definer;
drop schema lookup cascade;
reset role;
alter table processings drop constraint fk_processings_transcript_id;
drop table
    claims, deliverables, transcripts, answers, chunks, processing_events, processings, discoveries, recording_files,
    recordings, oauth_states, zoom_credentials, login_links, sessions, profiles, deleted_people, keyset, rate_limits, worker_heartbeats;
revoke select on alembic_version from momentum_app;
