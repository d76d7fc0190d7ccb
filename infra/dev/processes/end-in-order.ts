import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, signal, type ProcessId } from './process-identity.ts';

/** The facts needed to end a process in order. */
export interface Mortal extends ProcessId {
  name: string;
  /** Stages end from low to high: gateways, services, NATS, Postgres, the trace page. */
  stage: number;
  stopSignal: NodeJS.Signals;
  /** A temporary folder to remove after the process has ended. */
  remove?: string;
}

/** Ends all processes, stage by stage; kills those that have not ended within the grace period. */
export async function endInOrder(processes: readonly Mortal[], graceMs: number): Promise<void> {
  const stages = [...new Set(processes.map(({ stage }) => stage))].sort((a, b) => a - b);
  for (const stage of stages) {
    const members = processes.filter((member) => member.stage === stage);
    for (const member of members) signal(member, member.stopSignal);
    if (await allGone(members, graceMs)) continue;
    for (const member of members) signal(member, 'SIGKILL');
    await allGone(members, 2_000);
  }
}

async function allGone(members: readonly Mortal[], withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (members.some(isAlive)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
