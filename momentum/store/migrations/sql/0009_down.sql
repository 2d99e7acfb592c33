drop table sendings, redactions;
