import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { crowdFaults } from './crowd.ts';
import { frozenFaults } from './frozen.ts';
import { networkFaults } from './network.ts';
import { processFaults } from './processes.ts';
import { serverFaults } from './servers.ts';
import { upgradeFaults } from './upgrades.ts';

export const faults: readonly Fault[] = [
  { name: 'nothing at all', strike: () => sleep(5_000) },
  ...processFaults,
  ...frozenFaults,
  ...upgradeFaults,
  ...serverFaults,
  ...crowdFaults,
  ...networkFaults,
];
