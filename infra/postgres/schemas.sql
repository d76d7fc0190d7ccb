-- Once per database, by a superuser, after roles.sql: a schema per service, readable by nobody else.
DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()); END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO chat_migrator, chat_service, message_migrator, message_service, presence_migrator, presence_service, webhook_migrator, webhook_service', current_database()); END $$;

CREATE SCHEMA chat AUTHORIZATION chat_migrator;
GRANT USAGE ON SCHEMA chat TO chat_service;
ALTER DEFAULT PRIVILEGES FOR ROLE chat_migrator IN SCHEMA chat GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO chat_service;
ALTER DEFAULT PRIVILEGES FOR ROLE chat_migrator IN SCHEMA chat GRANT USAGE ON SEQUENCES TO chat_service;

CREATE SCHEMA message AUTHORIZATION message_migrator;
GRANT USAGE ON SCHEMA message TO message_service;
ALTER DEFAULT PRIVILEGES FOR ROLE message_migrator IN SCHEMA message GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO message_service;
ALTER DEFAULT PRIVILEGES FOR ROLE message_migrator IN SCHEMA message GRANT USAGE ON SEQUENCES TO message_service;

CREATE SCHEMA presence AUTHORIZATION presence_migrator;
GRANT USAGE ON SCHEMA presence TO presence_service;
ALTER DEFAULT PRIVILEGES FOR ROLE presence_migrator IN SCHEMA presence GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO presence_service;
ALTER DEFAULT PRIVILEGES FOR ROLE presence_migrator IN SCHEMA presence GRANT USAGE ON SEQUENCES TO presence_service;

CREATE SCHEMA webhook AUTHORIZATION webhook_migrator;
GRANT USAGE ON SCHEMA webhook TO webhook_service;
ALTER DEFAULT PRIVILEGES FOR ROLE webhook_migrator IN SCHEMA webhook GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO webhook_service;
ALTER DEFAULT PRIVILEGES FOR ROLE webhook_migrator IN SCHEMA webhook GRANT USAGE ON SEQUENCES TO webhook_service;
