set local role momentum_definer;
drop function lookup.outcome_figures, lookup.answer_figures, lookup.chunk_figures;
reset role;

drop policy lookup on chunks;
revoke select (engine, seconds, created_at) on chunks from momentum_definer;
drop policy lookup on answers;
revoke select (model, usage, created_at) on answers from momentum_definer;
drop policy lookup on processing_events;
revoke select (at, step, state, detail) on processing_events from momentum_definer;

drop index ix_chunks_created_at, ix_answers_created_at, ix_processing_events_ended;
alter table transcripts drop column speakers;
set local role momentum_definer;
drop function lookup.speakers_of(jsonb);
reset role;
