-- Run once per cluster. Creates two roles per service: the migrator owns the schema, the service only reads and writes rows.
-- Passwords are psql variables: psql -v chat_migrator_password=… -f roles.sql
CREATE ROLE chat_migrator LOGIN PASSWORD :'chat_migrator_password';
CREATE ROLE chat_service LOGIN PASSWORD :'chat_service_password';
CREATE ROLE message_migrator LOGIN PASSWORD :'message_migrator_password';
CREATE ROLE message_service LOGIN PASSWORD :'message_service_password';
CREATE ROLE presence_migrator LOGIN PASSWORD :'presence_migrator_password';
CREATE ROLE presence_service LOGIN PASSWORD :'presence_service_password';
CREATE ROLE webhook_migrator LOGIN PASSWORD :'webhook_migrator_password';
CREATE ROLE webhook_service LOGIN PASSWORD :'webhook_service_password';
