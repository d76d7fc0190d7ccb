// An origin says which gateway received a frame, and when. Requests carry it, and the room events that they
// cause return it. The gateway measures the time between with one clock: the clocks of two machines differ by
// more than that time.

export const originOf = (gatewayId: string, receivedAt: number): string =>
  `${gatewayId} ${receivedAt.toFixed(2)}`;

/** Milliseconds since the frame was received; undefined when another gateway received it. */
export function sinceOrigin(origin: string | undefined, gatewayId: string): number | undefined {
  const [id, receivedAt] = origin?.split(' ') ?? [];
  return id === gatewayId && receivedAt !== undefined ? performance.now() - Number(receivedAt) : undefined;
}
