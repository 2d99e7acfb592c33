-- Scopes that a provider named as missing when it refused a call: shown with the state until the person connects again.

alter table zoom_credentials add column state_scopes text[] not null default '{}';
