drop function rate_limit_back_off(text, double precision[]);
alter table rate_limits drop column strikes, drop column struck_until;
