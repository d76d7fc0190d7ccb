#!/bin/sh
# The postgres image runs this once, on an empty data folder. psql reads the passwords from the environment, never from argv.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv chat_migrator_password CHAT_MIGRATOR_PASSWORD
\getenv chat_service_password CHAT_SERVICE_PASSWORD
\getenv message_migrator_password MESSAGE_MIGRATOR_PASSWORD
\getenv message_service_password MESSAGE_SERVICE_PASSWORD
\getenv presence_migrator_password PRESENCE_MIGRATOR_PASSWORD
\getenv presence_service_password PRESENCE_SERVICE_PASSWORD
\getenv webhook_migrator_password WEBHOOK_MIGRATOR_PASSWORD
\getenv webhook_service_password WEBHOOK_SERVICE_PASSWORD
\i /switchboard/roles.sql
\i /switchboard/schemas.sql
SQL
