alter table zoom_credentials drop column state_scopes;
