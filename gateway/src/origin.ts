// A frame's origin travels with everything that it causes, and comes back with the room event: what lies between is
// measured by one clock, where the clocks of two machines would differ by more than what is measured.

export const originOf = (gatewayId: string, arrivedAt: number): string => `${gatewayId} ${arrivedAt.toFixed(2)}`;

/** Milliseconds since the frame arrived; undefined when it did not arrive here. */
export function sinceOrigin(origin: string | undefined, gatewayId: string): number | undefined {
  const [id, arrivedAt] = origin?.split(' ') ?? [];
  return id === gatewayId && arrivedAt !== undefined ? performance.now() - Number(arrivedAt) : undefined;
}
