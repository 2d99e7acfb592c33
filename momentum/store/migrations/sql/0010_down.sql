alter table transcripts drop column participants;
