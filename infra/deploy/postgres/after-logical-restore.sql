-- Run once, as a superuser or as the role that created the roles, after pg_restore or logical replication and before any service starts.
-- Readers follow the log in commit order, by the transaction ids of the Postgres that wrote it. A new Postgres counts from the
-- beginning, so its entries would sort before every restored entry and every cursor. This script gives all restored entries one
-- transaction id that is older than any other, keeps their order by position, and moves the relays' cursors to match.
-- The followers of chat-service's log start again: of each chat they apply only what is newer than their own state.
-- Not needed after a physical restore (pg_basebackup, WAL archive, volume snapshot) or pg_upgrade, which keep the ids.
BEGIN;
-- A role that is no superuser joins the migrators, whose tables these are, and leaves them at the end.
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
DO $$
DECLARE
  owner text;
BEGIN
  FOREACH owner IN ARRAY ARRAY['chat', 'message'] LOOP
    EXECUTE format('LOCK TABLE %I.chat_log, %1$I.relay_cursor, %1$I.relay_unrouted IN EXCLUSIVE MODE', owner);
    EXECUTE format('UPDATE %I.relay_cursor AS c SET xact = 1, position = (SELECT count(*) FROM %1$I.chat_log WHERE (xact, position) <= (c.xact, c.position))', owner);
    EXECUTE format('UPDATE %I.relay_unrouted AS c SET xact = 1, position = (SELECT count(*) FROM %1$I.chat_log WHERE (xact, position) <= (c.xact, c.position))', owner);
    EXECUTE format(
      'UPDATE %I.chat_log AS log SET xact = 1, position = place FROM (SELECT chat_id, rev, row_number() OVER (ORDER BY xact, position) AS place FROM %1$I.chat_log) AS ranked
       WHERE log.chat_id = ranked.chat_id AND log.rev = ranked.rev', owner);
  END LOOP;
END $$;
DELETE FROM message.chat_cursor;
DELETE FROM presence.chat_cursor;
DO $$
DECLARE
  migrator text;
BEGIN
  FOREACH migrator IN ARRAY string_to_array(ltrim(current_setting('switchboard.joined')), ' ') LOOP
    EXECUTE format('REVOKE %I FROM CURRENT_USER', migrator);
  END LOOP;
END $$;
COMMIT;
