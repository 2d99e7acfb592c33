set local role momentum_definer;
drop function lookup.chain_audit, lookup.audit_page, lookup.audit_head;
reset role;
drop table audit_trail, audit_inbox, audit_people;
