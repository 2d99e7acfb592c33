alter table transcripts add column participants text[];
