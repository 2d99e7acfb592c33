-- A link is good for 720 hours at the most. "30 days" were 719 or 721 of them where the session's time zone changes its clocks.

alter table shares drop constraint ck_shares_days;
alter table shares add constraint ck_shares_hours check (expires_at <= created_at + interval '720 hours');
