set local role momentum_definer;
drop function lookup.shared(bytea, timestamptz);
reset role;
drop table shares;
alter table processings drop column remarks;
