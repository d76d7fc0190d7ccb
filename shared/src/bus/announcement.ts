import { hostname } from 'node:os';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import type { Owner } from '../contracts/define.ts';
import { readJson } from './envelope.ts';
import { announcementSubject, probeSubject } from './subjects.ts';

/** Interval of a replica's announcements, and of its callers' judgement. */
export const ANNOUNCE_EVERY_MS = 250;

/** What a replica publishes to its callers. `host` and `pid` are for people who read a log. */
const Announcement = z.object({
  replica: z.string().regex(/^[0-9a-f]{1,32}$/),
  host: z.string().optional(),
  pid: z.int().optional(),
  /** It stops: no more requests for it. */
  leaves: z.boolean().optional(),
});
export type Announcement = z.output<typeof Announcement>;

export const decodeAnnouncement = (text: string): Announcement | undefined =>
  Announcement.safeParse(readJson(text)).data;

/**
 * Announces a replica from the event loop that serves its requests: a frozen or stuck process falls silent.
 * Returns how to say that it leaves.
 */
export function announce(nats: NatsConnection, owner: Owner, replica: string): () => void {
  const publish = (leaves?: true): void => {
    const announcement: Announcement = { replica, host: hostname(), pid: process.pid, leaves };
    try {
      nats.publish(announcementSubject(owner), JSON.stringify(announcement));
    } catch {
      // The connection is closing: without announcements the lease ends by itself.
    }
  };
  // Callers probe this subject: once the replica is gone, NATS replies "no responders".
  const probes = nats.subscribe(probeSubject(owner, replica), { callback: () => undefined });
  publish();
  const timer = setInterval(publish, ANNOUNCE_EVERY_MS);
  return () => {
    clearInterval(timer);
    publish(true);
    probes.unsubscribe();
  };
}
