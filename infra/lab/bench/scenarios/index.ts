import { fanOut } from './fan-out.ts';
import { gateways, members, rooms } from './growth.ts';
import { history } from './history.ts';
import { idle } from './idle.ts';
import { join } from './join.ts';
import { quiet } from './quiet.ts';
import { relay } from './relay.ts';
import { send } from './send.ts';
import type { Scenario } from './scenario.ts';

/** In the order of the report. */
export const scenarios: readonly Scenario[] = [
  send,
  fanOut,
  quiet,
  join,
  idle,
  history,
  rooms,
  gateways,
  members,
  relay,
];
