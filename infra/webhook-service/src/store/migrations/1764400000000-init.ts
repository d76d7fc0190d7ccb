import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Init1764400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE webhook.webhook (
        id uuid CONSTRAINT webhook_pkey PRIMARY KEY,
        url text NOT NULL,
        events text[] NOT NULL,
        secret bytea NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        created_by text NOT NULL,
        removed_at timestamptz
      );

      CREATE TABLE webhook.delivery (
        id uuid CONSTRAINT delivery_pkey PRIMARY KEY,
        webhook_id uuid NOT NULL,
        position bigserial NOT NULL,
        event_id text NOT NULL,
        type text NOT NULL,
        chat_id uuid NOT NULL,
        body text NOT NULL,
        traceparent text,
        state text NOT NULL DEFAULT 'waiting' CONSTRAINT delivery_state_known CHECK (state IN ('waiting', 'delivered', 'dead')),
        attempts integer NOT NULL DEFAULT 0,
        next_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        first_at timestamptz,
        last_at timestamptz,
        last_status integer,
        last_error text
      );
      CREATE UNIQUE INDEX delivery_of_event ON webhook.delivery (webhook_id, event_id);
      CREATE INDEX delivery_of_webhook ON webhook.delivery (webhook_id, position);
      CREATE INDEX delivery_of_state ON webhook.delivery (webhook_id, state, position);
      CREATE INDEX delivery_lane ON webhook.delivery (webhook_id, chat_id, position) WHERE state = 'waiting';
      CREATE INDEX delivery_next ON webhook.delivery (webhook_id, next_at) WHERE next_at IS NOT NULL;
      CREATE INDEX delivery_oldest ON webhook.delivery (position) WHERE state = 'waiting';
      CREATE INDEX delivery_over ON webhook.delivery (state, last_at) WHERE state <> 'waiting';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE webhook.delivery; DROP TABLE webhook.webhook');
  }
}
