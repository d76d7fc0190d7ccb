import { featureNames, MAX_TEXT_LENGTH, type Capabilities } from '@switchboard/shared/contracts';
import { quotaOf, type Rate } from '@switchboard/shared/limits';
import { MAX_FRAME_BYTES } from './connection/frames.ts';
import { release } from './release.ts';

/** What this gateway supports and enforces. `perSocket`: the rate of events. */
export function capabilitiesOf(perSocket: Rate, fileBytes: number): Capabilities {
  const limits = { textLength: MAX_TEXT_LENGTH, frameBytes: MAX_FRAME_BYTES, fileBytes };
  const burst = quotaOf(perSocket)?.tokens;
  return {
    version: release(),
    features: [...featureNames],
    limits: burst === undefined ? limits : { ...limits, eventsPerSecond: perSocket.perSecond, burst },
  };
}
