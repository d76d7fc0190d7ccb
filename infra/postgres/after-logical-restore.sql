-- After pg_restore, or a move by logical replication, and before any service is started: once, by a superuser.
-- The log is read in commit order, by the transaction ids of the Postgres that wrote it. Another Postgres counts its own from the
-- beginning, so what it writes would come before all that was restored, and before every cursor. This gives what was restored
-- one transaction id that is older than any, keeps its order by position, and moves the relays' cursors along. Those who
-- follow chat-service's log begin again: they take of each chat what is newer than what they have.
-- Not needed after a physical restore (pg_basebackup, WAL archive, volume snapshot) or pg_upgrade, which keep the ids.
BEGIN;
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
COMMIT;
