set local role momentum_definer;
drop function lookup.waiting_indexings, lookup.passages_with;
reset role;
revoke select (recording_id) on processings from momentum_definer;
drop policy searched on recordings;
revoke select (id, user_id, started_at, first_seen_at) on recordings from momentum_definer;
drop table vectors, passages, indexings;
