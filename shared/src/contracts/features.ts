import type { EdgeEventContract, EdgeRequestContract, RequestContract, RoomEventContract } from './define.ts';
import { messageEvents } from './message-events.ts';
import { messageContracts } from './messages.ts';
import { edgeContracts, edgeEvents } from './session.ts';

/** What a feature consists of. */
export type FeatureContract = RequestContract | EdgeRequestContract | RoomEventContract | EdgeEventContract;

/**
 * What a client app may find missing in an older server, by the name in `ready`: the contracts that it needs.
 * A new feature is one entry here. An entry is never removed while clients switch on it.
 */
export const features = {
  ready: [edgeEvents.ready],
  limits: [edgeContracts.getLimits],
  joinChats: [edgeContracts.joinChats, messageContracts.joinChat],
  readMarks: [messageContracts.readUpTo, messageEvents.chatRead],
  messageChanges: [
    messageContracts.editMessage,
    messageContracts.deleteMessage,
    messageContracts.react,
    messageEvents.messageEdited,
    messageEvents.messageDeleted,
    messageEvents.messageReacted,
  ],
  timeline: [messageContracts.readTimeline],
} as const satisfies Record<string, readonly [FeatureContract, ...FeatureContract[]]>;

export type Feature = keyof typeof features;

/** The names, as `ready` sends them. */
export const featureNames: readonly string[] = Object.keys(features);
