drop table templates;
alter table profiles drop column output_language;
alter table claims drop column section;
alter table deliverables
    drop column series, drop column version, drop column supersedes, drop column prompt_hash, drop column input_hash, drop column usd;
