-- Run once per database after roles.sql, and again after a logical restore. Runs as a superuser, or as the role that created the roles
-- and the database: CREATEROLE and CREATEDB are enough, as on managed Postgres. Creates one schema per service; no other service may read it.
-- Only a member of a role creates what belongs to it: a role that is no superuser joins the migrators here and leaves them at the end.
DO $$
DECLARE
  migrator text;
  joined text := '';
BEGIN
  FOREACH migrator IN ARRAY ARRAY['chat_migrator', 'message_migrator', 'presence_migrator', 'webhook_migrator'] LOOP
    CONTINUE WHEN pg_has_role(migrator, 'USAGE');
    EXECUTE format('GRANT %I TO CURRENT_USER', migrator);
    joined := joined || ' ' || migrator;
  END LOOP;
  PERFORM set_config('switchboard.joined', joined, false);
END $$;
DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()); END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO chat_migrator, chat_service, message_migrator, message_service, presence_migrator, presence_service, webhook_migrator, webhook_service', current_database()); END $$;

CREATE SCHEMA IF NOT EXISTS chat AUTHORIZATION chat_migrator;
GRANT USAGE ON SCHEMA chat TO chat_service;
ALTER DEFAULT PRIVILEGES FOR ROLE chat_migrator IN SCHEMA chat GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO chat_service;
ALTER DEFAULT PRIVILEGES FOR ROLE chat_migrator IN SCHEMA chat GRANT USAGE ON SEQUENCES TO chat_service;

CREATE SCHEMA IF NOT EXISTS message AUTHORIZATION message_migrator;
GRANT USAGE ON SCHEMA message TO message_service;
ALTER DEFAULT PRIVILEGES FOR ROLE message_migrator IN SCHEMA message GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO message_service;
ALTER DEFAULT PRIVILEGES FOR ROLE message_migrator IN SCHEMA message GRANT USAGE ON SEQUENCES TO message_service;

CREATE SCHEMA IF NOT EXISTS presence AUTHORIZATION presence_migrator;
GRANT USAGE ON SCHEMA presence TO presence_service;
ALTER DEFAULT PRIVILEGES FOR ROLE presence_migrator IN SCHEMA presence GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO presence_service;
ALTER DEFAULT PRIVILEGES FOR ROLE presence_migrator IN SCHEMA presence GRANT USAGE ON SEQUENCES TO presence_service;

CREATE SCHEMA IF NOT EXISTS webhook AUTHORIZATION webhook_migrator;
GRANT USAGE ON SCHEMA webhook TO webhook_service;
ALTER DEFAULT PRIVILEGES FOR ROLE webhook_migrator IN SCHEMA webhook GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO webhook_service;
ALTER DEFAULT PRIVILEGES FOR ROLE webhook_migrator IN SCHEMA webhook GRANT USAGE ON SEQUENCES TO webhook_service;

-- Leaves the migrators.
DO $$
DECLARE
  migrator text;
BEGIN
  FOREACH migrator IN ARRAY string_to_array(ltrim(current_setting('switchboard.joined')), ' ') LOOP
    EXECUTE format('REVOKE %I FROM CURRENT_USER', migrator);
  END LOOP;
END $$;
