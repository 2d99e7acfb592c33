set local role momentum_definer;
drop function lookup.queue_figures(timestamptz);
reset role;
revoke select (updated_at) on processings from momentum_definer;
