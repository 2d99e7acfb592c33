alter table shares drop constraint ck_shares_hours;
set local time zone 'UTC';  -- where 30 days are 720 hours: no row that is there offends
alter table shares add constraint ck_shares_days check (expires_at <= created_at + interval '30 days');
