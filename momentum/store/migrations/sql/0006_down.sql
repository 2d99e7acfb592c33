drop table voices;
